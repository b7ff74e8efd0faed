// What this host's kernel can hold a VM to: read from its cgroups and the schedulers of its disks.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../../common/exists.ts';

/** Looks under `root`. What cannot be read is not there; never throws. */
export async function readAbilities(root = '/'): Promise<{ cpuQuota: boolean; ioWeight: boolean }> {
  const cgroups = join(root, 'sys/fs/cgroup');
  const unified = await readFile(join(cgroups, 'cgroup.controllers'), 'utf8').then((text) => text.split(/\s+/), () => undefined);
  const [cpu, io] = unified ? [unified.includes('cpu'), unified.includes('io')] : [await exists(join(cgroups, 'cpu')), await exists(join(cgroups, 'blkio'))];
  return { cpuQuota: cpu, ioWeight: io && await someDiskUsesBfq(join(root, 'sys/block')) };
}

/** Weights are kept by BFQ alone; under other schedulers they can be written, and mean nothing. */
async function someDiskUsesBfq(folder: string): Promise<boolean> {
  const disks = await readdir(folder).catch(() => []);
  const schedulers = await Promise.all(disks.map(async (disk) => await readFile(join(folder, disk, 'queue/scheduler'), 'utf8').catch(() => '')));
  return schedulers.some((text) => text.includes('[bfq]'));
}
