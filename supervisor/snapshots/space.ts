// Measures the pool space that folders of clones use, from the file system's map of extents (FIEMAP, through filefrag).
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../../common/run-command.ts';

export interface Space {
  /** All blocks, including shared ones. */
  sizeBytes: number;
  /** Blocks that nothing else uses: what deleting the folder frees. */
  ownBytes: number;
}

interface Extent { file: string; startByte: number; lengthBytes: number; shared: boolean }

/** Returns the space of each folder. A missing folder uses none. */
export async function spaceOf(folders: readonly string[]): Promise<Map<string, Space>> {
  const spaces = new Map(folders.map((folder): [string, Space] => [folder, { sizeBytes: 0, ownBytes: 0 }]));
  for (const { file, lengthBytes, shared } of await extentsIn(folders)) {
    const space = spaces.get(dirname(file));
    if (!space) continue;
    space.sizeBytes += lengthBytes;
    if (!shared) space.ownBytes += lengthBytes;
  }
  return spaces;
}

/** Returns the bytes that the folders use together, counting each block once and leaving out blocks that `except` also uses. */
export async function heldBytes(folders: readonly string[], except: string): Promise<number> {
  const blocks = (extents: Extent[]): [number, number][] => extents.map(({ startByte, lengthBytes }) => [startByte, startByte + lengthBytes]);
  const apart = blocks(await extentsIn([except]));
  return covered([...blocks(await extentsIn(folders)), ...apart]) - covered(apart);
}

/** Returns the length of the union. */
function covered(ranges: [number, number][]): number {
  let [total, end] = [0, 0];
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    total += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return total;
}

async function extentsIn(folders: readonly string[]): Promise<Extent[]> {
  const files = (await Promise.all(folders.map(async (folder) => (await readdir(folder, { withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isFile()).map(({ name }) => join(folder, name))))).flat();
  if (files.length === 0) return [];
  const { stdout } = await runCommand('filefrag', ['-v', ...files], { timeoutMs: 60_000, allowExit: [1, 2, 22, 95] }); // 1 or, in a later version, ENOENT: a file was deleted in between; EINVAL, EOPNOTSUPP: the file system has no such map
  return parseExtents(stdout);
}

/** Parses filefrag's table: a line per file, then a line per extent, in blocks. Exported for its test. */
function parseExtents(text: string): Extent[] {
  const extents: Extent[] = [];
  let [file, blockBytes] = ['', 0];
  for (const line of text.split('\n')) {
    const head = /^File size of (.+) is \d+ \(\d+ blocks? of (\d+) bytes\)$/.exec(line);
    if (head) [file, blockBytes] = [head[1] ?? '', Number(head[2])];
    const extent = /^\s*\d+:\s*\d+\.\.\s*\d+:\s*(\d+)\.\.\s*\d+:\s*(\d+):(.*)$/.exec(line);
    if (extent) extents.push({ file, startByte: Number(extent[1]) * blockBytes, lengthBytes: Number(extent[2]) * blockBytes, shared: /\bshared\b/.test(extent[3] ?? '') });
  }
  return extents;
}
