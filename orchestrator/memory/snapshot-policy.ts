// Applies restores and forks to memory by policy. stay: what was learned after the snapshot is kept. roll_back: it is hidden, because the VM has not
// experienced it, and shown again when the VM is restored to a point where it has; only people forget. branch: a fork gets its own copies. Every policy
// adds a marker event that explains the gap.
import { z } from 'zod';
import type { Memory } from './memory.ts';
import type { OpenSpace } from './open-space.ts';
import { newRecord, remember, RememberInput, write, type WriteContext } from './remembering.ts';
import { newMemoryId } from './spaces.ts';
import type { MemoryStore } from './store/memory-store.ts';

const common = {
  /** An event that is sent twice is applied once. */
  id: z.string().min(1),
  environmentId: z.string().min(1),
  /** The snapshot's name; null for a fork of a running VM. */
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

/** Repeatable from any point: an event that was already applied changes nothing. */
export function afterSnapshot(writeContext: WriteContext, event: SnapshotEvent): SnapshotOutcome {
  const policy = writeContext.config.session.onSnapshot;
  if (event.kind === 'fork') {
    const copied = policy === 'branch' ? copyForFork(writeContext, event) : 0;
    return { marker: mark(writeContext, event.forkId, event, `The VM was forked from another VM's state at ${event.takenAt}${event.snapshot === null ? '' : `, from the snapshot ${event.snapshot}`}.`), hidden: 0, shown: 0, copied };
  }
  const rollsBack = policy === 'roll_back';
  const marker = mark(writeContext, event.environmentId, event, `The VM was rolled back to the snapshot ${event.snapshot} of ${event.takenAt}. ${rollsBack ? 'What was learned since is hidden.' : 'What was learned since is still remembered, but the VM does not contain it.'}`);
  return { marker, copied: 0, ...rollsBack && marker !== null ? rollBack(writeContext, event, marker) : { hidden: 0, shown: 0 } };
}

const MARKER = 'snapshot';

/** Adds the marker event even when the space is full; otherwise the notice could never be applied. */
function mark(writeContext: WriteContext, environmentId: string, event: SnapshotEvent, text: string): string | null {
  const config = { ...writeContext.config, storage: { ...writeContext.config.storage, maxMemories: Infinity } };
  const [marker] = remember({ ...writeContext, config }, [RememberInput.parse({
    type: 'system_event', text, importance: 'medium', environmentId, occurredAt: event.at, sourceId: `${MARKER} ${event.id}`, metadata: { [MARKER]: event.kind, takenAt: event.takenAt, at: event.at },
  })]);
  return marker?.id ?? null;
}

/** Hides what the VM has not experienced behind the marker; shows what an earlier rollback hid and the VM has experienced after all. */
function rollBack({ space, store }: WriteContext, event: SnapshotEvent, marker: string): { hidden: number; shown: number } {
  const own = recordsOf(space, event.environmentId);
  const markers = own.filter(({ memory }) => memory.metadata?.[MARKER] === 'rollback');
  const experienced = experiencedBy(markers.map(({ memory }) => ({ fromMs: Date.parse(memory.metadata?.['takenAt'] ?? ''), atMs: Date.parse(memory.metadata?.['at'] ?? '') })));
  const untilMs = Date.parse(event.at);
  const behindMarker = new Set(markers.map(({ memory }) => memory.id));
  let hidden = 0;
  let shown = 0;
  for (const { record, memory } of own) {
    const createdMs = Date.parse(memory.createdAt);
    if (memory.layer === 'summary' || memory.type === 'system_event' || createdMs > untilMs) continue;
    const isExperienced = experienced(createdMs);
    if (space.book.alive.values[record] === 1 && !isExperienced) {
      store.setState(space.row.id, memory.id, { supersededBy: marker });
      space.hide(record);
      hidden += 1;
    } else if (space.book.alive.values[record] === 0 && isExperienced && behindMarker.has(supersededBy(store, space, memory.id))) {
      store.setState(space.row.id, memory.id, { supersededBy: undefined });
      space.show(record);
      shown += 1;
    }
  }
  return { hidden, shown };
}

/** Whether the VM, after all its rollbacks, has experienced a moment: each rollback returns to the history at its snapshot and continues from there. */
function experiencedBy(rollbacks: readonly { fromMs: number; atMs: number }[]): (ms: number) => boolean {
  const ordered = rollbacks.toSorted((a, b) => a.atMs - b.atMs);
  /** Whether the history that ends at `fromMs` contains `ms`. */
  const experienced = (ms: number, fromMs: number): boolean => {
    if (ms > fromMs) return false;
    const last = ordered.findLast(({ atMs }) => atMs < fromMs);
    return last === undefined || ms > last.atMs || experienced(ms, Math.min(last.fromMs, last.atMs));
  };
  return (ms) => experienced(ms, Infinity);
}

/** Copies what was known at the snapshot for the fork; skips copies that exist. */
function copyForFork(writeContext: WriteContext, event: Extract<SnapshotEvent, { kind: 'fork' }>): number {
  const { space, store } = writeContext;
  const takenMs = Date.parse(event.takenAt);
  const copies = recordsOf(space, event.environmentId)
    .filter(({ record, memory }) => space.book.alive.values[record] === 1 && memory.layer !== 'summary' && Date.parse(memory.createdAt) <= takenMs)
    .map(({ record, memory }) => ({ vector: space.callerVectors.get(record), copy: {
      ...memory, id: newMemoryId(writeContext.nowMs), environmentId: event.forkId, sourceId: `copy of ${memory.id} for ${event.forkId}`, sources: [...memory.sources ?? [], memory.id],
      // The fork gets its own conversation, so that no turn appears twice in one.
      ...memory.conversationId === undefined ? {} : { conversationId: `${event.forkId} ${memory.conversationId}`.slice(0, 200) },
    } satisfies Memory }))
    .filter(({ copy }) => store.findBySourceKey(space.row.id, newRecord(writeContext, copy).sourceKey ?? Buffer.alloc(0)).length === 0);
  write(writeContext, copies.map(({ copy }) => copy), new Map(), new Map(copies.flatMap(({ copy, vector }) => vector === undefined ? [] : [[copy.id, vector]])));
  return copies.length;
}

/** An environment's memories that were not forgotten, including hidden ones. */
function recordsOf(space: OpenSpace, environmentId: string): { record: number; memory: Memory }[] {
  return [...space.known()].filter(({ memory }) => memory.environmentId === environmentId);
}

function supersededBy(store: MemoryStore, space: OpenSpace, id: string): string {
  return store.find(space.row.id, id)?.state.supersededBy ?? '';
}
