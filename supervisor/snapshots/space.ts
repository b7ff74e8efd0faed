// What folders of clones hold of the pool, from the file system's own map of extents (FIEMAP, by way of filefrag).
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../../common/run-command.ts';

export interface Space {
  /** All blocks, shared ones included. */
  sizeBytes: number;
  /** Blocks that nothing else holds: what deleting the folder gives back. */
  ownBytes: number;
}

interface Extent { file: string; startByte: number; lengthBytes: number; shared: boolean }

/** The space of each folder. One that is not there holds nothing. */
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

/** Bytes of the pool that the folders hold together, each block counted once, without those that `except` holds too. */
export async function heldBytes(folders: readonly string[], except: string): Promise<number> {
  const blocks = (extents: Extent[]): [number, number][] => extents.map(({ startByte, lengthBytes }) => [startByte, startByte + lengthBytes]);
  const apart = blocks(await extentsIn([except]));
  return covered([...blocks(await extentsIn(folders)), ...apart]) - covered(apart);
}

/** The length of the union. */
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
  const { stdout } = await runCommand('filefrag', ['-v', ...files], { timeoutMs: 60_000, allowExit: [1, 2, 22, 95] }); // 1 or, of a later version, ENOENT: a file has gone meanwhile; EINVAL, EOPNOTSUPP: the file system has no such map
  return parseExtents(stdout);
}

/** Reads filefrag's table: a line a file, then a line an extent, in blocks. Exported for its test. */
export function parseExtents(text: string): Extent[] {
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
