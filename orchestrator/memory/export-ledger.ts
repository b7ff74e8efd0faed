// Records the exports of a space, so that `forget` can list the files that still hold a memory. Sealed with the space's key.
import { z } from 'zod';
import { newId } from '../../common/ids.ts';
import { MemoryId, type Memory } from './memory.ts';
import type { WriteContext } from './remembering.ts';

export const MadeExport = z.strictObject({
  id: z.string(),
  at: z.iso.datetime(),
  /** What it holds: all memories, the core self, or one memory. */
  of: z.union([z.enum(['all', 'core']), MemoryId]),
});
export type MadeExport = z.infer<typeof MadeExport>;

const NOTE = 'exports';
const Ledger = z.array(MadeExport);

/** Records an export, before it is returned to the caller. */
export function recordExport(writeContext: WriteContext, of: MadeExport['of']): MadeExport {
  const { space, store, nowMs } = writeContext;
  const made: MadeExport = { id: newId('exp', nowMs), at: new Date(nowMs).toISOString(), of };
  store.writeNote(space.row.id, NOTE, space.keys.seal(Buffer.from(JSON.stringify([...readLedger(writeContext), made])), NOTE));
  return made;
}

/** The exports that hold one of these memories. */
export function exportsHolding(writeContext: WriteContext, memories: readonly Memory[]): MadeExport[] {
  const holds = ({ of, at }: MadeExport, memory: Memory): boolean => of === memory.id || (memory.layer !== 'summary' && memory.createdAt <= at && (of === 'all' || (of === 'core' && isCore(memory))));
  return readLedger(writeContext).filter((made) => memories.some((memory) => holds(made, memory)));
}

/** Whether a memory belongs to the core self: instructions, facts and critical memories. */
export function isCore(memory: Memory): boolean {
  return memory.layer === 'fact' || memory.type === 'core_fact' || memory.type === 'custom_instruction' || memory.importance === 'critical';
}

function readLedger({ space, store }: WriteContext): MadeExport[] {
  const sealed = store.readNote(space.row.id, NOTE);
  return sealed === undefined ? [] : Ledger.parse(JSON.parse(space.keys.unseal(sealed, NOTE).toString()));
}
