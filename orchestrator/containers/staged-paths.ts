// Finds the folders that a container needs so that files of the VM have the same paths in it. Pure.
import { dirname, normalize } from 'node:path/posix';
import { SomnusError } from '../../common/errors.ts';

/** Folders of the container's own system; an empty folder in place of one would hide it. */
const system = new Set(['bin', 'boot', 'dev', 'etc', 'lib', 'lib32', 'lib64', 'libx32', 'proc', 'run', 'sbin', 'sys', 'usr']);

export interface StagedPath { path: string; type: 'file' | 'directory' | 'missing' }

/** @throws invalid_request when a path is not absolute, or the container has its own system there */
export function checkedPath(path: string): string {
  const checked = normalize(path).replace(/(?<=.)\/$/, '');
  if (!checked.startsWith('/')) throw new SomnusError('invalid_request', `${path} must be absolute to be used in a container`);
  if (checked === '/' || system.has(checked.split('/')[1] ?? '')) throw new SomnusError('invalid_request', `${path} cannot be used in a container, which has its own system there`, { hint: 'Copy it to a folder such as /srv first.' });
  return checked;
}

/** The folders, none of them within another. A file needs its parent folder, and so does a path that does not exist yet. @throws invalid_request as `checkedPath` */
export function foldersFor(paths: readonly StagedPath[]): string[] {
  const folders = new Set(paths.map(({ path, type }) => (type === 'directory' ? path : checkedPath(dirname(path)))));
  return [...folders].filter((folder) => ![...folders].some((other) => folder.startsWith(`${other}/`))).toSorted();
}
