// What a file in a guest is, as `find` and the API name it. Pure.

export const fileTypes = ['file', 'directory', 'symlink', 'other'] as const;
export type FileType = (typeof fileTypes)[number];

const byLetter: Readonly<Record<string, FileType>> = { f: 'file', d: 'directory', l: 'symlink' };

/** `letter` as `find -printf %y` prints it. */
export function fileTypeOf(letter: string): FileType {
  return byLetter[letter] ?? 'other';
}
