// Which version of a fact is current. Facts with one value (where someone lives) have a time from which they are true; the one that is true last is
// current, in whatever order they were told, and each earlier one was true until the next.
import type { Memory } from './memory.ts';
import type { OpenSpace } from './open-space.ts';
import type { MemoryStore, Replacement } from './store/memory-store.ts';
import { hasOneValue } from './text/facts.ts';

/**
 * Returns what has to change so that each version is superseded by the next and only the last one is current. `added` are versions that are
 * not stored yet, `removed` ones that are being forgotten.
 */
export function settleVersions(space: OpenSpace, store: MemoryStore, groups: readonly Memory[], added: readonly Memory[] = [], removed: ReadonlySet<string> = new Set()): Replacement[] {
  const changes: Replacement[] = [];
  const done = new Set<string>();
  for (const { relation, environmentId } of groups) {
    if (relation === undefined || !hasOneValue(relation.predicate)) continue;
    const key = JSON.stringify([environmentId ?? null, relation.subject, relation.predicate]);
    if (done.has(key)) continue;
    done.add(key);
    const same = (one: Memory): boolean => one.relation?.subject === relation.subject && one.relation.predicate === relation.predicate && one.environmentId === environmentId;
    const stored = space.catalog.versions({ relation, environmentId }).map(({ memory }) => ({ memory, by: store.find(space.row.id, memory.id)?.state.supersededBy }));
    const ids = new Set(stored.map(({ memory }) => memory.id));
    // A version that a merge or a rollback has hidden is not brought back here.
    const versions = [...stored.filter(({ memory, by }) => !removed.has(memory.id) && (by === undefined || ids.has(by) || removed.has(by))), ...added.filter(same).map((memory) => ({ memory, by: undefined }))]
      .toSorted((a, b) => a.memory.occurredAt.localeCompare(b.memory.occurredAt) || (a.memory.id < b.memory.id ? -1 : 1));
    versions.forEach(({ memory, by }, i) => {
      const next = versions[i + 1]?.memory.id;
      if (next !== by) changes.push({ id: memory.id, by: next });
    });
  }
  return changes;
}
