// Starting a VM from its disk, and how it becomes ready. Create and wake end with the same steps.
import { open, rm, truncate } from 'node:fs/promises';
import type { AgentStatus, Identity } from '../../agent/contract.ts';
import type { Step, StepRun } from '../../common/step.ts';
import { buildDomainXml } from '../domain/domain-xml.ts';
import { waitUntilAgentReady, waitUntilReady } from '../guest/readiness.ts';
import { fitShape } from '../profiles/fit.ts';
import { keepPlannedAddress, withPlannedAddress } from './address.ts';
import { giveToQemu } from './file-owners.ts';
import { growDisk, growOldGuest } from './grow-disk.ts';
import { readKeys } from './keys.ts';
import { setAside } from '../snapshots/set-aside.ts';
import type { Machine, MachineContext } from './machine.ts';
import type { MachineManifest } from './manifest.ts';
import { assertRoomForMemory } from './room.ts';
import { setClock } from './suspend.ts';

/** How late a guest that has just come to life may read the time: `afterVerified` sends it again. */
const CLOCK_FIRST_LATE_MS = 1000;
/** Five times what a boot under TCG takes on a slow host. */
const BOOT_TIMEOUT_MS = 240_000;
const IDENTIFY_TIMEOUT_MS = 60_000;

export const attachNetwork: Step<MachineContext> = {
  name: 'network.attach',
  timeoutMs: 30_000,
  async run({ machine }) {
    const { network } = await machine.manifest();
    await machine.host.network.attach({ index: network.index, policy: network.policy });
  },
  holds: async ({ machine }) => await isAttached(machine),
  async undo({ machine }) {
    const manifest = await machine.manifest().catch(() => undefined);
    if (manifest) await machine.host.network.detach(manifest.network.index);
  },
};

/** Whether the VM's tap is there. */
export async function isAttached(machine: Machine): Promise<boolean> {
  const { network } = await machine.manifest();
  return (await machine.host.network.list()).includes(network.index);
}

export const startVm: Step<MachineContext> = {
  name: 'vm.start',
  timeoutMs: 150_000,
  async run({ machine }, { signal }) {
    const observed = await machine.observe();
    if (observed === 'suspended') await machine.host.driver.resume(machine.domainName);
    if (observed === 'running' || observed === 'suspended') return;
    await machine.powerOff(); // a QEMU without a guest
    await setAside(machine, machine.hibernationFolder); // once it has booted from its disk, a memory saved before must never be loaded beside that
    // Nothing in memory is to be kept, so a cold start takes the hardware of today and the shape that is wanted. It boots with all the memory that it can ever have.
    const { shape, wanted = shape } = await machine.manifest();
    await assertRoomForMemory(machine, wanted);
    await growDisk(machine.diskFile, wanted.diskGiB);
    const manifest = await machine.changeManifest({
      hardware: await machine.host.hardware(), shape: { ...wanted, memoryMiB: wanted.memoryMaxMiB, diskGiB: Math.max(shape.diskGiB, wanted.diskGiB) }, wanted,
    });
    await machine.prepareRunDir(machine.userOf(manifest));
    await machine.confine();
    await makeRam(machine, manifest.shape.memoryMaxMiB);
    await giveToQemu(machine, manifest);
    await machine.host.driver.define(domainXml(machine, manifest), { signal });
    await machine.host.driver.start(machine.domainName, { signal });
  },
  async undo({ machine }) {
    await machine.powerOff();
    await machine.releaseRam();
  },
  holds: async ({ machine }) => await machine.isAlive(),
};

/** Goes over virtio-serial: the guest has no network before it knows who it is. */
export const identifyGuest: Step<MachineContext> = {
  name: 'guest.identify',
  timeoutMs: BOOT_TIMEOUT_MS,
  async run({ machine }, step) {
    await machine.whileActive(step.signal, async (signal) => { await greet(machine, step, signal); });
  },
};

/** For a VM that goes on from a saved memory, whose network was seen to work before: it knows who it is, its clock is right, and its agent says that it is ready. */
export const verifyGuest: Step<MachineContext> = {
  name: 'guest.verify',
  timeoutMs: BOOT_TIMEOUT_MS,
  async run({ machine }, step) {
    const { generation } = await machine.manifest();
    await machine.whileActive(step.signal, async (signal) => {
      const [status] = await Promise.all([greet(machine, step, signal), setClock(machine, { signal, lateMs: CLOCK_FIRST_LATE_MS })]);
      if (status.ready && status.identity?.generation === generation) return;
      await waitUntilAgentReady({
        port: machine.host.guests.port(machine), environmentId: machine.id, generation, timeoutMs: BOOT_TIMEOUT_MS, signal, onWaiting: (message) => step.progress({ message }),
      });
    }, { bootIsEnd: true });
  },
};

/** What follows when a guest has been verified, without making anybody wait: the link that users take is opened, which takes seconds under emulation, and the clock is set once more. */
export function afterVerified(machine: Machine): void {
  setClock(machine).catch((error: unknown) => machine.log.warn({ err: error }, 'guest.clock-not-set'));
  machine.host.guests.channel(machine).then(async (channel) => await channel.agentGet('/health/live', BOOT_TIMEOUT_MS))
    .catch((error: unknown) => machine.log.info({ err: error }, 'guest.not-reached-yet'));
}

/** Tells the guest who it is, unless it knows. */
async function greet(machine: Machine, step: StepRun, signal: AbortSignal): Promise<AgentStatus> {
  const manifest = withPlannedAddress(machine, await machine.manifest());
  const port = machine.host.guests.port(machine);
  step.progress({ message: 'waiting for the agent in the VM' });
  let status = await port.waitUntil(() => true, { timeoutMs: BOOT_TIMEOUT_MS, signal });
  if (status.identity?.environmentId !== machine.id || status.identity.generation !== manifest.generation) {
    step.progress({ message: 'giving the VM its name, address and keys' });
    status = await port.call('identify', await identity(machine, manifest), { timeoutMs: IDENTIFY_TIMEOUT_MS, signal });
  }
  await keepPlannedAddress(machine, manifest);
  return status;
}

/** Gives a VM that runs its address in the subnet of today, if it has another. @returns whether it had; what it runs goes on, its connections end. @throws timeout, guest_unreachable */
export async function readdress(machine: Machine): Promise<boolean> {
  const before = await machine.manifest();
  const manifest = withPlannedAddress(machine, before);
  if (manifest === before) return false;
  await machine.host.guests.port(machine).call('identify', await identity(machine, manifest), { timeoutMs: IDENTIFY_TIMEOUT_MS });
  await keepPlannedAddress(machine, manifest);
  return true;
}

/** An environment is ready when its agent says so, reached the way users reach it. */
export const awaitReady: Step<MachineContext> = {
  name: 'guest.ready',
  timeoutMs: BOOT_TIMEOUT_MS,
  commits: true,
  async run({ machine }, step) {
    await ready(machine, step);
  },
};

export const startSteps: readonly Step<MachineContext>[] = [attachNetwork, startVm, identifyGuest, fitShape, awaitReady];

async function ready(machine: Machine, step: StepRun): Promise<void> {
  const { generation } = await machine.manifest();
  await machine.whileActive(step.signal, async (signal) => {
    const status = await waitUntilReady({
      port: machine.host.guests.port(machine),
      channel: await machine.host.guests.channel(machine),
      environmentId: machine.id,
      generation,
      timeoutMs: BOOT_TIMEOUT_MS,
      signal,
      onWaiting: (message: string) => step.progress({ message }),
    });
    await growOldGuest(machine, status, signal);
  });
}

export function domainXml(machine: Machine, manifest: MachineManifest, { incoming = false }: { incoming?: boolean } = {}): string {
  const { tapName } = machine.host.network.address(manifest.network.index);
  return buildDomainXml({
    name: machine.domainName,
    uuid: manifest.uuid,
    vcpusMax: manifest.shape.vcpusMax,
    memoryMaxMiB: manifest.shape.memoryMaxMiB,
    accel: manifest.hardware.accel,
    machineType: manifest.hardware.machineType,
    cpuModel: manifest.hardware.cpuModel,
    watchdog: manifest.hardware.watchdog ?? false,
    folder: machine.folder,
    user: machine.userOf(manifest),
    kernelCmdline: [
      manifest.kernelCmdline,
      `maxcpus=${manifest.shape.vcpus}`, // the others come online when the profile asks
      ...(manifest.hardware.accel === 'tcg' ? ['clearcpuid=cx16'] : []), // QEMU's emulation of cmpxchg16b leaves wrong flags (snapshots/cpu-registers.ts), and the kernel does without it
    ].join(' '),
    mac: manifest.network.mac,
    tapName,
    runDir: machine.runDir,
    genid: manifest.genid,
    gpu: manifest.gpu && !incoming ? machine.host.abilities.gpu ?? undefined : undefined, // no memory state has one
    diskSerial: machine.id.slice(-20),
    metadata: { environmentId: machine.id, instance: machine.host.instance },
    incoming,
  });
}

/** A fresh, empty RAM file: blocks are taken as the guest touches pages. */
async function makeRam(machine: Machine, memoryMiB: number): Promise<void> {
  await rm(machine.ramFile, { force: true });
  await (await open(machine.ramFile, 'wx', 0o600)).close();
  await truncate(machine.ramFile, memoryMiB * 1024 * 1024);
}

export async function identity(machine: Machine, manifest: MachineManifest): Promise<Identity> {
  const keys = await readKeys(machine);
  return {
    environmentId: machine.id,
    hostname: manifest.name,
    machineId: manifest.machineId,
    network: { mac: manifest.network.mac, ip: manifest.network.ip, gateway: machine.host.network.gateway.ip, dns: machine.host.network.gateway.ip },
    authorizedKey: keys.clientPublicKey,
    sshHostKey: keys.hostPrivateKey,
    generation: manifest.generation,
  };
}
