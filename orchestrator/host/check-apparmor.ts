// Checks that AppArmor lets each VM open its own memory file and no other VM's, and that it has not denied VMs anything they need.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../common/config.ts';
import { exists } from '../../common/exists.ts';
import { isAppArmorOn, profileName } from '../../supervisor/host/apparmor.ts';
import { mayOpen, recentDenials } from '../../supervisor/host/apparmor-denials.ts';
import { derivedUuid, domainName } from '../../supervisor/vms/vm.ts';
import { isEnvironmentId } from '../../supervisor/recovery/find-orphans.ts';
import type { StoragePool } from '../../supervisor/storage/pool.ts';
import { failed, ok, warning, type Finding } from './finding.ts';

/** Each costs a few processes. */
const VMS_TRIED = 5;
/** Where libvirt keeps the pid of each QEMU. */
const PID_DIR = '/run/libvirt/qemu';
const FIX = 'A rule in /etc/apparmor.d denies it: see `grep -rn deny /etc/apparmor.d/local /etc/apparmor.d/abstractions/libvirt-qemu*`, remove it, and start the VM again.';

interface KnownVm { id: string; uuid: string; ram: string; domain: string }

export async function checkAppArmor(config: Config, pool: StoragePool): Promise<Finding> {
  if (!(await isAppArmorOn())) return ok('this kernel does not use AppArmor; separate users and seccomp isolate VMs');
  const installation = (await readFile(join(config.dataDir, 'instance'), 'utf8').catch(() => '')).trim();
  const ids = (await readdir(pool.folders.environments).catch(() => [])).filter(isEnvironmentId);
  const vms = ids.map((id): KnownVm => ({ id, uuid: derivedUuid(installation, id), ram: join(pool.folders.environment(id), 'ram'), domain: domainName(installation, id) }));
  const denied = await recentDenials(new Set(vms.map(({ uuid }) => uuid)));
  if (denied.length > 0) {
    const [{ path, mask, uuid } = { path: '', mask: '', uuid: '' }] = denied;
    return failed(`AppArmor denied ${vms.find((vm) => vm.uuid === uuid)?.id ?? uuid} access (${mask}) to ${path}${denied.length > 1 ? `, and ${denied.length - 1} more` : ''}`, FIX, { denied });
  }
  const running = (await Promise.all(vms.map(async (vm) => ({ vm, label: await labelOf(vm) })))).filter(({ label }) => label !== undefined);
  const unconfined = running.filter(({ vm, label }) => label !== `${profileName(vm.uuid)} (enforce)`);
  if (unconfined.length > 0) {
    return warning(`AppArmor does not confine ${unconfined.map(({ vm, label }) => `${vm.id} (${label})`).join(', ')}`,
      'Check security_driver in /etc/libvirt/qemu.conf and install the package apparmor; libvirt then confines each VM at its next start.', { unconfined: unconfined.map(({ vm }) => vm.id) });
  }
  for (const { vm } of running.slice(0, VMS_TRIED)) {
    // Opened as the file's owner, whom its mode permits, so only AppArmor can refuse.
    if (!(await mayOpen(vm.uuid, await stat(vm.ram), vm.ram))) return failed(`${vm.id} is not allowed by AppArmor to open its own memory file ${vm.ram}`, FIX, { path: vm.ram });
    const other = await firstOther(vm, vms);
    if (other && await mayOpen(vm.uuid, await stat(other.ram), other.ram)) return failed(`AppArmor lets ${vm.id} open the memory of ${other.id}`, 'Remove the line that allows it from /etc/apparmor.d/local/abstractions/libvirt-qemu, and start the VMs again.', { path: other.ram });
  }
  return ok(`AppArmor confines each VM with its own profile; ${running.length === 0 ? 'no VM is running' : `tested with ${Math.min(running.length, VMS_TRIED)} of ${running.length} running VMs`}`, { running: running.length });
}

async function firstOther(vm: KnownVm, vms: readonly KnownVm[]): Promise<KnownVm | undefined> {
  for (const other of vms) if (other !== vm && await exists(other.ram)) return other;
  return undefined;
}

/** The AppArmor profile of the VM's QEMU, as the kernel names it; undefined when it does not run. */
async function labelOf({ domain }: KnownVm): Promise<string | undefined> {
  const pid = await readFile(join(PID_DIR, `${domain}.pid`), 'utf8').catch(() => undefined);
  return pid === undefined ? undefined : await readFile(`/proc/${pid.trim()}/attr/current`, 'utf8').then((label) => label.trim(), () => undefined);
}
