// Which exports were made of a space, so that whoever forgets a memory is told which files still hold it. Sealed with the space's key.
import { z } from 'zod';
import { newId } from '../../common/ids.ts';
import { MemoryId, type Memory } from './memory.ts';
import type { Writing } from './remembering.ts';

export const MadeExport = z.strictObject({
  id: z.string(),
  at: z.iso.datetime(),
  /** What it holds: everything there was, the core self, or one memory. */
  of: z.union([z.enum(['all', 'core']), MemoryId]),
});
export type MadeExport = z.infer<typeof MadeExport>;

const NOTE = 'exports';
const Ledger = z.array(MadeExport);

/** On record before the export is handed out. */
export function recordExport(writing: Writing, of: MadeExport['of']): MadeExport {
  const { space, store, nowMs } = writing;
  const made: MadeExport = { id: newId('exp', nowMs), at: new Date(nowMs).toISOString(), of };
  store.writeNote(space.row.id, NOTE, space.keys.seal(Buffer.from(JSON.stringify([...readLedger(writing), made])), NOTE));
  return made;
}

/** The exports that hold one of these memories. */
export function exportsHolding(writing: Writing, memories: readonly Memory[]): MadeExport[] {
  const holds = ({ of, at }: MadeExport, memory: Memory): boolean => of === memory.id || (memory.layer !== 'summary' && memory.createdAt <= at && (of === 'all' || (of === 'core' && isCore(memory))));
  return readLedger(writing).filter((made) => memories.some((memory) => holds(made, memory)));
}

/** Whether a memory belongs to the core self: instructions, facts and what is critical. */
export function isCore(memory: Memory): boolean {
  return memory.layer === 'fact' || memory.type === 'core_fact' || memory.type === 'custom_instruction' || memory.importance === 'critical';
}

function readLedger({ space, store }: Writing): MadeExport[] {
  const sealed = store.readNote(space.row.id, NOTE);
  return sealed === undefined ? [] : Ledger.parse(JSON.parse(space.keys.unseal(sealed, NOTE).toString()));
}
