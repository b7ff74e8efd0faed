// Memory follows snapshots by policy. stay: what was learned after the snapshot is kept. roll_back: it is hidden, as the VM has not lived it, and shown
// again when the VM is restored to where it had; forgetting is for people. branch: a fork gets copies of its own. Every case leaves a marker event, so
// that the gap in the story is told.
import { z } from 'zod';
import type { Memory } from './memory.ts';
import type { OpenSpace } from './open-space.ts';
import { newRecord, remember, RememberInput, writeDerived, type Writing } from './remembering.ts';
import { newMemoryId } from './spaces.ts';
import type { MemoryStore } from './store/memory-store.ts';

const common = {
  /** The same story told twice is told once. */
  id: z.string().min(1),
  environmentId: z.string().min(1),
  /** Its name; null for a fork of the moment. */
  snapshot: z.string().min(1).nullable(),
  takenAt: z.iso.datetime(),
  /** When the VM was restored or forked. */
  at: z.iso.datetime(),
};
export const SnapshotEvent = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('rollback'), ...common }),
  z.strictObject({ kind: z.literal('fork'), forkId: z.string().min(1), ...common }),
]);
export type SnapshotEvent = z.infer<typeof SnapshotEvent>;

export const SnapshotOutcome = z.strictObject({ marker: z.string().nullable(), hidden: z.int(), shown: z.int(), copied: z.int() });
export type SnapshotOutcome = z.infer<typeof SnapshotOutcome>;

/** Repeatable from any point: an event that was followed already changes nothing. */
export function afterSnapshot(writing: Writing, event: SnapshotEvent): SnapshotOutcome {
  const policy = writing.config.session.onSnapshot;
  if (event.kind === 'fork') {
    const copied = policy === 'branch' ? copyForFork(writing, event) : 0;
    return { marker: mark(writing, event.forkId, event, `The VM was forked from another as it was at ${event.takenAt}${event.snapshot === null ? '' : `, in the snapshot ${event.snapshot}`}.`), hidden: 0, shown: 0, copied };
  }
  const rollsBack = policy === 'roll_back';
  const marker = mark(writing, event.environmentId, event, `The VM was rolled back to the snapshot ${event.snapshot} of ${event.takenAt}. ${rollsBack ? 'What was learned since is set aside.' : 'What was learned since is remembered, but the VM does not hold it.'}`);
  return { marker, copied: 0, ...rollsBack && marker !== null ? rollBack(writing, event, marker) : { hidden: 0, shown: 0 } };
}

const MARKER = 'snapshot';

/** Told also when the space is full: whoever waits for it would else wait for ever. */
function mark(writing: Writing, environmentId: string, event: SnapshotEvent, text: string): string | null {
  const config = { ...writing.config, storage: { ...writing.config.storage, maxMemories: Infinity } };
  const [marker] = remember({ ...writing, config }, [RememberInput.parse({
    type: 'system_event', text, importance: 'medium', environmentId, occurredAt: event.at, sourceId: `${MARKER} ${event.id}`, metadata: { [MARKER]: event.kind, takenAt: event.takenAt, at: event.at },
  })]);
  return marker?.id ?? null;
}

/** What the VM has not lived is hidden behind the marker; what an earlier rollback hid and it has lived after all is shown. */
function rollBack({ space, store }: Writing, event: SnapshotEvent, marker: string): { hidden: number; shown: number } {
  const own = recordsOf(space, event.environmentId);
  const markers = own.filter(({ memory }) => memory.metadata?.[MARKER] === 'rollback');
  const lived = livedBy(markers.map(({ memory }) => ({ fromMs: Date.parse(memory.metadata?.['takenAt'] ?? ''), atMs: Date.parse(memory.metadata?.['at'] ?? '') })));
  const untilMs = Date.parse(event.at);
  const behindMarker = new Set(markers.map(({ memory }) => memory.id));
  let hidden = 0;
  let shown = 0;
  for (const { record, memory } of own) {
    const createdMs = Date.parse(memory.createdAt);
    if (memory.layer === 'summary' || memory.type === 'system_event' || createdMs > untilMs) continue;
    const isLived = lived(createdMs);
    if (space.book.alive.values[record] === 1 && !isLived) {
      store.setState(space.row.id, memory.id, { supersededBy: marker });
      space.hide(record);
      hidden += 1;
    } else if (space.book.alive.values[record] === 0 && isLived && behindMarker.has(supersededBy(store, space, memory.id))) {
      store.setState(space.row.id, memory.id, { supersededBy: undefined });
      space.show(record);
      shown += 1;
    }
  }
  return { hidden, shown };
}

/** Whether the VM, after all its rollbacks, has lived a moment: each leads back to what had been lived at the snapshot, and on from there. */
function livedBy(rollbacks: readonly { fromMs: number; atMs: number }[]): (ms: number) => boolean {
  const ordered = rollbacks.toSorted((a, b) => a.atMs - b.atMs);
  /** Whether somebody who looks back from `fromMs` has lived `ms`. */
  const lived = (ms: number, fromMs: number): boolean => {
    if (ms > fromMs) return false;
    const last = ordered.findLast(({ atMs }) => atMs < fromMs);
    return last === undefined || ms > last.atMs || lived(ms, Math.min(last.fromMs, last.atMs));
  };
  return (ms) => lived(ms, Infinity);
}

/** Copies of what was known at the snapshot, for the fork; those that are there already are left alone. */
function copyForFork(writing: Writing, event: Extract<SnapshotEvent, { kind: 'fork' }>): number {
  const { space, store } = writing;
  const takenMs = Date.parse(event.takenAt);
  const copies = recordsOf(space, event.environmentId)
    .filter(({ record, memory }) => space.book.alive.values[record] === 1 && memory.layer !== 'summary' && Date.parse(memory.createdAt) <= takenMs)
    .map(({ memory }): Memory => ({
      ...memory, id: newMemoryId(writing.nowMs), environmentId: event.forkId, sourceId: `copy of ${memory.id} for ${event.forkId}`, sources: [...memory.sources ?? [], memory.id],
      // A conversation of the fork's own: turns that are there twice would be said twice.
      ...memory.conversationId === undefined ? {} : { conversationId: `${event.forkId} ${memory.conversationId}`.slice(0, 200) },
    }))
    .filter((copy) => store.findBySourceKey(space.row.id, newRecord(writing, copy).sourceKey ?? Buffer.alloc(0)) === undefined);
  if (copies.length > 0) writeDerived(writing, copies);
  return copies.length;
}

/** Those of an environment that were not forgotten, hidden ones too. */
function recordsOf(space: OpenSpace, environmentId: string): { record: number; memory: Memory }[] {
  return [...space.known()].filter(({ memory }) => memory.environmentId === environmentId);
}

function supersededBy(store: MemoryStore, space: OpenSpace, id: string): string {
  return store.find(space.row.id, id)?.state.supersededBy ?? '';
}
