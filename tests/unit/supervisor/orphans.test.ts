import { expect, test } from 'vitest';
import { newId } from '../../../common/ids.ts';
import { isEnvironmentId, mostlyUnknown, orphansOf, type HostParts, type Known } from '../../../supervisor/recovery/find-orphans.ts';

const [a, b] = [newId('env'), newId('env')];
const [s1, s2] = [newId('snap'), newId('snap')];
const nothing: HostParts = { folders: [], domains: [], keys: [], runs: [], snapshots: [], staging: [] };
const known = (more: Partial<Known> = {}): Known => ({ environments: new Set([a]), snapshots: new Set([s1]), held: new Set(), ...more });

test('What the records know is not an orphan', () => {
  expect(orphansOf({ folders: [a], domains: [a], keys: [a], runs: [a], snapshots: [{ environmentId: a, snapshotId: s1, whole: true }], staging: [] }, known())).toEqual([]);
});

test.each([
  ['environment', { folders: [b], domains: [b], keys: [b], runs: [b] }],
  ['domain', { domains: [b], keys: [b] }],
  ['keys', { keys: [b], runs: [b] }],
  ['run', { runs: [b] }],
] as const)('Everything of an unknown environment is one orphan, here of the kind %s', (kind, parts) => {
  expect(orphansOf({ ...nothing, ...Object.fromEntries(Object.entries(parts).map(([part, ids]) => [part, [...ids]])) }, known())).toEqual([{ kind, environmentId: b, snapshotId: null }]);
});

test('A snapshot without a record is an orphan if its environment has a record and no active operation', () => {
  const parts = { ...nothing, folders: [a], snapshots: [{ environmentId: a, snapshotId: s2, whole: true }, { environmentId: a, snapshotId: s1, whole: false }] };
  expect(orphansOf(parts, known())).toEqual([{ kind: 'snapshot', environmentId: a, snapshotId: s2 }, { kind: 'staging', environmentId: a, snapshotId: s1 }]);
  expect(orphansOf(parts, known({ held: new Set([a]) }))).toEqual([]);
  expect(orphansOf(parts, known({ held: new Set([s1, s2]) }))).toEqual([]);
});

test('What an operation creates is left to it', () => {
  expect(orphansOf({ ...nothing, staging: [a, b], keys: [b] }, known({ held: new Set([a, b]) }))).toEqual([]);
  expect(orphansOf({ ...nothing, staging: [a] }, known())).toEqual([{ kind: 'staging', environmentId: a, snapshotId: null }]);
});

test.each(['lost+found', 'env_', `${a}.removed`, `.${a}`, 'env_../../etc', 'current', a.toUpperCase()])('%s is not a name in Somnus\'s format', (name) => {
  expect(isEnvironmentId(name)).toBe(false);
});

test.each([
  ['all VMs are unknown', [b], [a, b], true], ['the only VM is unknown', [], [b], true], ['half of the VMs are unknown', [a], [a, b], false], ['there are no VMs, only keys and sockets', [], [], false],
] as const)('When %s, the database is in doubt or not', (_, recorded, folders, doubted) => {
  const parts = { ...nothing, folders: [...folders], keys: [b], runs: [b] };
  const environments = new Set(recorded[0] === b ? [] : recorded);
  expect(mostlyUnknown(parts, orphansOf(parts, known({ environments }))).length > 0).toBe(doubted);
});
