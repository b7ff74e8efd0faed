// Memory follows snapshots by policy. stay: what was learned after the snapshot is kept. roll_back: it is hidden, as the VM has not lived it; forgetting
// is for people. branch: a fork gets copies of its own. Every case leaves a marker event, so that the gap in the story is told.
import { z } from 'zod';
import type { Memory } from './memory.ts';
import { remember, RememberInput, writeDerived, type Writing } from './remembering.ts';
import { newMemoryId } from './spaces.ts';

export const SnapshotEvent = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('rollback'), environmentId: z.string().min(1), snapshot: z.string().min(1), takenAt: z.iso.datetime() }),
  z.strictObject({ kind: z.literal('fork'), environmentId: z.string().min(1), forkId: z.string().min(1), snapshot: z.string().min(1), takenAt: z.iso.datetime() }),
]);
export type SnapshotEvent = z.infer<typeof SnapshotEvent>;

export const SnapshotOutcome = z.strictObject({ marker: z.string().nullable(), hidden: z.int(), copied: z.int() });
export type SnapshotOutcome = z.infer<typeof SnapshotOutcome>;

/** Repeatable for the marker and for hiding; a fork is told of once. */
export function afterSnapshot(writing: Writing, event: SnapshotEvent): SnapshotOutcome {
  const { space, store, config } = writing;
  const policy = config.session.onSnapshot;
  const own = [...space.book.live()].filter(({ memory }) => memory.environmentId === event.environmentId && memory.layer !== 'crystal');
  const takenMs = Date.parse(event.takenAt);
  const later = event.kind === 'rollback' && policy === 'roll_back' ? own.filter(({ memory }) => Date.parse(memory.createdAt) > takenMs && memory.type !== 'system_event') : [];
  const copies = event.kind === 'fork' && policy === 'branch' ? own.filter(({ memory }) => Date.parse(memory.createdAt) <= takenMs).map(({ memory }) => copyFor(event.forkId, memory, writing.nowMs)) : [];
  const text = event.kind === 'rollback'
    ? `The VM was rolled back to the snapshot ${event.snapshot} of ${event.takenAt}. ${later.length === 0 ? 'What was learned since is remembered, but the VM does not hold it.' : 'What was learned since is set aside.'}`
    : `The VM was forked from the snapshot ${event.snapshot} of ${event.takenAt}.`;
  const [marker] = remember(writing, [RememberInput.parse({ type: 'system_event', text, importance: 'medium', environmentId: event.kind === 'fork' ? event.forkId : event.environmentId })]);
  for (const { record, memory } of later) {
    store.setState(space.row.id, memory.id, { supersededBy: marker?.id ?? memory.id });
    space.hide(record);
  }
  if (copies.length > 0) writeDerived(writing, copies);
  return { marker: marker?.id ?? null, hidden: later.length, copied: copies.length };
}

/** A copy for the fork, made from the original: forgetting that forgets this. */
function copyFor(forkId: string, memory: Memory, nowMs: number): Memory {
  const { sourceId: _sourceId, ...rest } = memory;
  return { ...rest, id: newMemoryId(nowMs), environmentId: forkId, sources: [...memory.sources ?? [], memory.id] };
}
