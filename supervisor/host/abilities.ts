// Detects which limits this host's kernel can enforce on VMs, from its cgroups and disk schedulers.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../../common/exists.ts';

/** Looks under `root`. What cannot be read counts as missing; never throws. */
export async function readAbilities(root = '/'): Promise<{ cpuQuota: boolean; ioWeight: boolean }> {
  const cgroups = join(root, 'sys/fs/cgroup');
  const unified = await readFile(join(cgroups, 'cgroup.controllers'), 'utf8').then((text) => text.split(/\s+/), () => undefined);
  const [cpu, io] = unified ? [unified.includes('cpu'), unified.includes('io')] : [await exists(join(cgroups, 'cpu')), await exists(join(cgroups, 'blkio'))];
  return { cpuQuota: cpu, ioWeight: io && await someDiskUsesBfq(join(root, 'sys/block')) };
}

/** Only BFQ honors weights; other schedulers accept them and ignore them. */
async function someDiskUsesBfq(folder: string): Promise<boolean> {
  const disks = await readdir(folder).catch(() => []);
  const schedulers = await Promise.all(disks.map(async (disk) => await readFile(join(folder, disk, 'queue/scheduler'), 'utf8').catch(() => '')));
  return schedulers.some((text) => text.includes('[bfq]'));
}
