// Finds what exists on this host under this installation's names, and which of it no record knows. It only reads; quarantine.ts moves things.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { idSchema } from '../../common/ids.ts';
import { derivedUuid, environmentOfDomain, isActive, Vm, type VmHost } from '../vms/vm.ts';

const EnvironmentId = idSchema('env');
const SnapshotId = idSchema('snap');
export const isEnvironmentId = (text: string): boolean => EnvironmentId.safeParse(text).success;
export const isSnapshotId = (text: string): boolean => SnapshotId.safeParse(text).success;

export const orphanKinds = ['environment', 'snapshot', 'domain', 'keys', 'run', 'staging'] as const;
export type OrphanKind = (typeof orphanKinds)[number];

/** Something that no record knows. All parts of one environment form one orphan; the most valuable part determines its kind. */
export interface Orphan { kind: OrphanKind; environmentId: string; snapshotId: string | null }

/** Ids of environments by the parts found, and of snapshots by environment. For what is being built, only that it exists. */
export interface HostParts {
  folders: string[];
  domains: string[];
  keys: string[];
  runs: string[];
  snapshots: { environmentId: string; snapshotId: string; whole: boolean }[];
  staging: string[];
}

/** What the records contain. */
export interface Known {
  environments: ReadonlySet<string>;
  snapshots: ReadonlySet<string>;
  /** Ids held by unfinished operations. */
  held: ReadonlySet<string>;
}

/**
 * Finds only names that Somnus assigns, and nothing of another installation: control planes may share a folder as their pool, so a VM's folder must
 * carry our installation, unless the pool itself is ours.
 * @throws libvirt, unavailable
 */
export async function findParts(host: VmHost): Promise<HostParts> {
  const { folders } = host.pool;
  const list = async (folder: string): Promise<string[]> => await readdir(folder).catch(() => []);
  const ids = async (folder: string): Promise<string[]> => (await list(folder)).filter(isEnvironmentId);
  const owned = (await Promise.all((await ids(folders.environments)).map(async (id) => (await isOurs(host, id) ? [id] : [])))).flat();
  const snapshots = await Promise.all(owned.map(async (environmentId) => (await list(join(folders.environment(environmentId), 'snapshots')))
    .map((name) => ({ environmentId, snapshotId: name.replace(/^\./, ''), whole: !name.startsWith('.') })).filter(({ snapshotId }) => isSnapshotId(snapshotId))));
  return {
    folders: owned,
    snapshots: snapshots.flat(),
    domains: (await host.driver.list()).flatMap(({ name }) => environmentOfDomain(host.installation, name) ?? []).filter(isEnvironmentId),
    keys: await ids(host.keysDir),
    runs: await ids(host.runDir),
    staging: await ids(folders.staging),
  };
}

/** Pure. Read the records after the parts: a record is created before the first part, and deleted after the last. */
export function orphansOf(parts: HostParts, known: Known): Orphan[] {
  const unknown = (id: string): boolean => !known.environments.has(id) && !known.held.has(id);
  const kindOf = (id: string): OrphanKind => (parts.folders.includes(id) ? 'environment' : parts.domains.includes(id) ? 'domain' : parts.keys.includes(id) ? 'keys' : 'run');
  const environments = new Set([...parts.folders, ...parts.domains, ...parts.keys, ...parts.runs]);
  return [
    ...[...environments].filter(unknown).map((id): Orphan => ({ kind: kindOf(id), environmentId: id, snapshotId: null })),
    ...parts.snapshots
      .filter(({ environmentId }) => known.environments.has(environmentId) && !known.held.has(environmentId))
      .filter(({ snapshotId, whole }) => !known.held.has(snapshotId) && !(whole && known.snapshots.has(snapshotId)))
      .map(({ environmentId, snapshotId, whole }): Orphan => ({ kind: whole ? 'snapshot' : 'staging', environmentId, snapshotId })),
    ...parts.staging.filter((id) => !known.held.has(id)).map((environmentId): Orphan => ({ kind: 'staging', environmentId, snapshotId: null })),
  ];
}

/**
 * Returns the VMs (folders and definitions) that no record knows, if they are the majority: then the database is probably lost, empty or another
 * host's. Pure. @returns their ids; none when most are known
 */
export function mostlyUnknown(parts: Pick<HostParts, 'folders' | 'domains'>, orphans: readonly Orphan[]): string[] {
  const all = new Set([...parts.folders, ...parts.domains]);
  const unknown = orphans.filter(({ kind }) => kind === 'environment' || kind === 'domain').map(({ environmentId }) => environmentId);
  return unknown.length * 2 > all.size ? unknown : [];
}

/** Returns the network indexes used by running VMs without a record: they keep them until they are quarantined. */
export async function segmentsOf(host: VmHost, orphans: readonly Orphan[]): Promise<number[]> {
  return (await Promise.all(orphans.filter(({ kind }) => kind === 'environment').map(async ({ environmentId }) => {
    const vm = new Vm(host, environmentId);
    const manifest = isActive(await vm.domain()) ? await vm.manifest().catch(() => undefined) : undefined;
    return manifest ? [manifest.network.index] : [];
  }))).flat();
}

async function isOurs(host: VmHost, id: string): Promise<boolean> {
  const manifest = await new Vm(host, id).manifest().catch(() => undefined);
  return manifest ? manifest.uuid === derivedUuid(host.installation, id) : (await host.pool.usage()).backing === 'loop';
}
