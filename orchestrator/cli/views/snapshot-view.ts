// Formats snapshots for a terminal, and arranges a list of them as a tree.
import type { Snapshot } from '../../client/schema.d.ts';
import { formatBytes, formatMiB, formatWhen } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';
import type { Column } from '../terminal/text-table.ts';

export const snapshotColumns: readonly Column[] = [
  { title: 'NAME' }, { title: 'STATE' }, { title: 'MEMORY' }, { title: 'SIZE', align: 'right' }, { title: 'OWN', align: 'right' }, { title: 'CREATED' }, { title: 'DESCRIPTION' },
];

export function snapshotRow(snapshot: Snapshot, branch: string): string[] {
  return [
    `${branch}${sanitize(snapshot.name)}`, snapshot.state, snapshot.memory ? 'yes' : 'no', size(snapshot.sizeBytes), size(snapshot.ownBytes), formatWhen(snapshot.createdAt), sanitize(snapshot.description),
  ];
}

export function snapshotFacts(snapshot: Snapshot): [string, string][] {
  const facts: [string, string | null][] = [
    ['name', snapshot.name],
    ['id', snapshot.id],
    ['state', snapshot.state],
    ['operation', snapshot.operationId],
    ['description', snapshot.description === '' ? null : snapshot.description],
    ['environment', snapshot.environmentId],
    ['parent', snapshot.parent],
    ['contains', snapshot.memory ? 'disk and memory' : 'disk'],
    ['safety', snapshot.safety ? 'taken before a restore' : null],
    ['pack step', snapshot.packStep ? 'taken for a step of a pack' : null],
    ['pack entry', snapshot.packEntry === null ? null : String(snapshot.packEntry)],
    ['vcpus', String(snapshot.vcpus)],
    ['memory', formatMiB(snapshot.memoryMiB)],
    ['size', size(snapshot.sizeBytes)],
    ['own', `${size(snapshot.ownBytes)} (freed by purging)`],
    ['damage', snapshot.damage],
    ['checksums', snapshot.checksumAt === null ? 'not computed yet' : `computed ${formatWhen(snapshot.checksumAt)}`],
    ['checked', snapshot.checkedAt === null ? null : `${snapshot.checkedAt} (${formatWhen(snapshot.checkedAt)})`],
    ['created', `${snapshot.createdAt} (${formatWhen(snapshot.createdAt)})`],
    ['purged', snapshot.purgeAt],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== null).map(([name, text]) => [name, sanitize(text)]);
}

/** The current state in one line. */
export function snapshotSentence(snapshot: Snapshot): string {
  const name = sanitize(snapshot.name);
  if (snapshot.state === 'removed') return `${name} is removed${snapshot.purgeAt === null ? '' : `; until ${snapshot.purgeAt.slice(0, 10)} \`somnus snapshot undelete\` restores it`}`;
  return `${name} is ${snapshot.state}${snapshot.state === 'ready' ? `, with ${snapshot.memory ? 'disk and memory' : 'disk only'}` : ''}`;
}

/** Parents before their children, each with its branch lines. Snapshots whose parent is not in the list are roots. */
export function asTree(snapshots: readonly Snapshot[]): { snapshot: Snapshot; branch: string }[] {
  const known = new Set(snapshots.map(({ id }) => id));
  const below = (parent: string | null, indent: string): { snapshot: Snapshot; branch: string }[] => {
    const children = snapshots.filter((snapshot) => (parent === null ? snapshot.parent === null || !known.has(snapshot.parent) : snapshot.parent === parent));
    return children.flatMap((snapshot, at) => {
      const last = at === children.length - 1;
      const [branch, next] = parent === null ? ['', ''] : [`${indent}${last ? '└─ ' : '├─ '}`, `${indent}${last ? '   ' : '│  '}`];
      return [{ snapshot, branch }, ...below(snapshot.id, next)];
    });
  };
  return below(null, '');
}

function size(bytes: number | null): string {
  return bytes === null ? '' : formatBytes(bytes);
}
