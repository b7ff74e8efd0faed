// Starts a VM from its disk and waits until it is ready. Create and wake end with the same steps.
import { open, rm, truncate } from 'node:fs/promises';
import type { AgentStatus } from '../../agent/contract.ts';
import type { Step, StepRun } from '../../common/step.ts';
import { buildDomainXml } from '../domain/domain-xml.ts';
import { waitUntilAgentReady, waitUntilReady } from '../guest/readiness.ts';
import { applyResources } from './apply-resources.ts';
import { keepPlannedAddress, withPlannedAddress } from '../vms/address.ts';
import { setFileOwners } from '../vms/file-owners.ts';
import { growDisk, growOldGuest } from '../vms/grow-disk.ts';
import { identity } from '../vms/guest-identity.ts';
import { quarantineState } from '../snapshots/quarantine-state.ts';
import type { Vm, VmContext } from '../vms/vm.ts';
import type { VmManifest } from '../vms/manifest.ts';
import { assertCapacityForMemory } from '../vms/capacity.ts';
import { setClock } from './resume.ts';
import { verifyByHelper } from './verify-by-helper.ts';

/** Maximum delay of the first time message to a guest that has just been resumed: a second one follows. */
const CLOCK_FIRST_LATE_MS = 1000;
/** Five times as long as a boot under TCG on a slow host. */
const BOOT_TIMEOUT_MS = 240_000;
const IDENTIFY_TIMEOUT_MS = 60_000;

export const attachNetwork: Step<VmContext> = {
  name: 'network.attach',
  timeoutMs: 30_000,
  async run({ vm }) {
    const { network } = await vm.manifest();
    await vm.host.network.attach({ index: network.index, policy: network.policy });
  },
  holds: async ({ vm }) => await isAttached(vm),
  async undo({ vm }) {
    const manifest = await vm.manifest().catch(() => undefined);
    if (manifest) await vm.host.network.detach(manifest.network.index);
  },
};

/** Whether the VM's tap exists. */
export async function isAttached(vm: Vm): Promise<boolean> {
  const { network } = await vm.manifest();
  return (await vm.host.network.list()).includes(network.index);
}

export const startVm: Step<VmContext> = {
  name: 'vm.start',
  timeoutMs: 150_000,
  async run({ vm }, { signal }) {
    const observed = await vm.observe();
    if (observed === 'suspended') await vm.host.driver.resume(vm.domainName);
    if (observed === 'running' || observed === 'suspended') return;
    await vm.powerOff(); // a QEMU whose guest has ended
    await quarantineState(vm, vm.hibernationFolder); // after a boot from its disk, an older saved memory must never be loaded
    // A cold start keeps nothing in memory, so it uses the host's current hardware and the wanted shape. The VM boots with its maximum memory.
    const { shape, wanted = shape } = await vm.manifest();
    await assertCapacityForMemory(vm, wanted);
    await growDisk(vm.diskFile, wanted.diskGiB);
    const manifest = await vm.changeManifest({
      hardware: await vm.host.hardware(), shape: { ...wanted, memoryMiB: wanted.memoryMaxMiB, diskGiB: Math.max(shape.diskGiB, wanted.diskGiB) }, wanted,
    });
    await vm.prepareRunDir(vm.userOf(manifest));
    await vm.confine();
    await makeRam(vm, manifest.shape.memoryMaxMiB);
    await setFileOwners(vm, manifest);
    await vm.host.driver.define(domainXml(vm, manifest), { signal });
    await vm.host.driver.start(vm.domainName, { signal });
  },
  async undo({ vm }) {
    await vm.powerOff();
    await vm.releaseRam();
  },
  holds: async ({ vm }) => await vm.isAlive(),
};

/** Uses virtio-serial, because the guest has no network before it is identified. */
export const identifyGuest: Step<VmContext> = {
  name: 'guest.identify',
  timeoutMs: BOOT_TIMEOUT_MS,
  async run({ vm }, step) {
    await vm.whileActive(step.signal, async (signal) => { await ensureIdentified(vm, step, signal); });
  },
};

/**
 * Resumes a VM whose saved memory has been loaded and whose network has worked before, and verifies it: it continues instead of rebooting, it knows
 * its identity, its clock is set, and it is ready. The helper proves that first, where the guest has one; otherwise the agent does. Resumes the guest here because it
 * may reset at its first instruction.
 */
export const verifyGuest: Step<VmContext> = {
  name: 'guest.verify',
  timeoutMs: BOOT_TIMEOUT_MS,
  async run({ vm }, step) {
    const { generation } = await vm.manifest();
    await vm.whileActive(step.signal, async (signal) => {
      if ((await vm.domain())?.state === 'paused') await vm.host.driver.resume(vm.domainName, { signal });
      if (await verifyByHelper(vm, step, signal)) return;
      const [status] = await Promise.all([ensureIdentified(vm, step, signal), setClock(vm, { signal, lateMs: CLOCK_FIRST_LATE_MS })]);
      if (!status.ready || status.identity?.generation !== generation) {
        await waitUntilAgentReady({
          port: vm.host.guests.port(vm), environmentId: vm.id, generation, timeoutMs: BOOT_TIMEOUT_MS, signal, onWaiting: (message) => step.progress({ message }),
        });
      }
      setClock(vm).catch((error: unknown) => vm.log.warn({ event: 'guest.clock-not-set', err: error }));
    }, { bootIsEnd: true });
  },
};

/** Runs after a guest has been verified, in the background: opens the connection that users will use, which takes seconds under emulation. */
export function afterVerified(vm: Vm): void {
  vm.host.guests.channel(vm).then(async (channel) => await channel.agentGet('/health/live', BOOT_TIMEOUT_MS))
    .catch((error: unknown) => vm.log.info({ event: 'guest.not-reached-yet', err: error }));
}

/** Sends the guest its identity, unless it has it. */
async function ensureIdentified(vm: Vm, step: StepRun, signal: AbortSignal): Promise<AgentStatus> {
  const manifest = withPlannedAddress(vm, await vm.manifest());
  const port = vm.host.guests.port(vm);
  step.progress({ message: 'waiting for the agent in the VM' });
  let status = await port.waitUntil(() => true, { timeoutMs: BOOT_TIMEOUT_MS, signal });
  if (status.identity?.environmentId !== vm.id || status.identity.generation !== manifest.generation) {
    step.progress({ message: 'sending the VM its name, address and keys' });
    status = await port.call('identify', await identity(vm, manifest), { timeoutMs: IDENTIFY_TIMEOUT_MS, signal });
  }
  await keepPlannedAddress(vm, manifest);
  return status;
}

/**
 * Moves a running VM to its address in the current subnet. Its programs keep running; its connections end. @returns whether the address changed.
 * @throws timeout, guest_unreachable
 */
export async function readdress(vm: Vm): Promise<boolean> {
  const before = await vm.manifest();
  const manifest = withPlannedAddress(vm, before);
  if (manifest === before) return false;
  await vm.host.guests.port(vm).call('identify', await identity(vm, manifest), { timeoutMs: IDENTIFY_TIMEOUT_MS });
  await keepPlannedAddress(vm, manifest);
  return true;
}

/** Waits until the agent reports that it is ready, over the same connection that users take. */
export const awaitReady: Step<VmContext> = {
  name: 'guest.ready',
  timeoutMs: BOOT_TIMEOUT_MS,
  commits: true,
  async run({ vm }, step) {
    await ready(vm, step);
  },
};

export const startSteps: readonly Step<VmContext>[] = [attachNetwork, startVm, identifyGuest, applyResources, awaitReady];

async function ready(vm: Vm, step: StepRun): Promise<void> {
  const { generation } = await vm.manifest();
  await vm.whileActive(step.signal, async (signal) => {
    const status = await waitUntilReady({
      port: vm.host.guests.port(vm),
      channel: await vm.host.guests.channel(vm),
      environmentId: vm.id,
      generation,
      timeoutMs: BOOT_TIMEOUT_MS,
      signal,
      onWaiting: (message: string) => step.progress({ message }),
    });
    await growOldGuest(vm, status, signal);
  });
}

export function domainXml(vm: Vm, manifest: VmManifest, { incoming = false }: { incoming?: boolean } = {}): string {
  const { tapName } = vm.host.network.address(manifest.network.index);
  return buildDomainXml({
    name: vm.domainName,
    uuid: manifest.uuid,
    vcpusMax: manifest.shape.vcpusMax,
    memoryMaxMiB: manifest.shape.memoryMaxMiB,
    accel: manifest.hardware.accel,
    machineType: manifest.hardware.machineType,
    cpuModel: manifest.hardware.cpuModel,
    watchdog: manifest.hardware.watchdog ?? false,
    helper: manifest.hardware.helper ?? false,
    nestedVirtualization: manifest.hardware.nestedVirtualization ?? true,
    folder: vm.folder,
    user: vm.userOf(manifest),
    kernelCmdline: [
      manifest.kernelCmdline,
      `maxcpus=${manifest.shape.vcpus}`, // the others come online when the profile asks for them
      ...(manifest.hardware.accel === 'tcg' ? ['clearcpuid=cx16'] : []), // QEMU's emulation of cmpxchg16b leaves wrong flags (snapshots/cpu-registers.ts); the kernel works without it
    ].join(' '),
    mac: manifest.network.mac,
    tapName,
    runDir: vm.runDir,
    genid: manifest.genid,
    gpu: manifest.gpu && !incoming ? vm.host.abilities.gpu ?? undefined : undefined, // a saved memory state never has one
    diskSerial: vm.id.slice(-20),
    metadata: { environmentId: vm.id, installation: vm.host.installation },
    incoming,
  });
}

/** Creates an empty RAM file; blocks are allocated as the guest touches pages. */
async function makeRam(vm: Vm, memoryMiB: number): Promise<void> {
  await rm(vm.ramFile, { force: true });
  await (await open(vm.ramFile, 'wx', 0o600)).close();
  await truncate(vm.ramFile, memoryMiB * 1024 * 1024);
}
