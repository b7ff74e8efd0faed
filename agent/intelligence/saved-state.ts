// The file that keeps incidents and the positions in their sources across restarts of the agent. Both are in one file, so they always match: the next
// process reads the lines after the saved positions again, and they are not in the saved counts.
import { readFileSync, renameSync } from 'node:fs';
import { writeFileDurably } from '../../common/durable-file.ts';
import type { SavedIncidents } from '../errors/incidents.ts';
import type { FilePosition } from './file-tail.ts';
import type { JournalPosition } from './journal-source.ts';

export interface SavedState {
  formatVersion: 1;
  journal: JournalPosition | null;
  files: FilePosition[];
  incidents: SavedIncidents;
}

/** Returns undefined if there is no file. A damaged file is renamed and kept. */
export function readSavedState(path: string, log: (message: string) => void): SavedState | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const state = JSON.parse(text) as SavedState;
    if (state.formatVersion !== 1 || !Array.isArray(state.files) || !Array.isArray(state.incidents.tracked)) throw new Error('unknown format');
    return state;
  } catch (error) {
    log(`${path} is damaged (${(error as Error).message}); starting without earlier incidents`);
    try {
      renameSync(path, `${path}.damaged`);
    } catch {
      // on a full or read-only disk, the next save replaces it
    }
    return undefined;
  }
}

/** @throws the error of the file system; the previous file is then unchanged */
export async function writeSavedState(path: string, state: SavedState): Promise<void> {
  await writeFileDurably(path, JSON.stringify(state));
}
