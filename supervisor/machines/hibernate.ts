// Sleeping on disk and waking. What sleeps is a folder of clones, complete or absent: while it is there the VM can be woken from it,
// however often that was interrupted.
import { chown, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonFile, syncFolder } from '../../common/durable-file.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Step } from '../../common/step.ts';
import { z } from 'zod';
import { loadDeviceState, saveDeviceState } from './device-state.ts';
import { isActive, type Machine, type MachineContext } from './machine.ts';
import { MachineManifest } from './manifest.ts';
import { attachNetwork, domainXml, ready } from './start.ts';
import { setClock } from './suspend.ts';

/** Memory, device state and disk as they belong together, and what they need to be loaded. */
const HibernationInfo = z.strictObject({ formatVersion: z.literal(1), savedAt: z.iso.datetime(), hardware: MachineManifest.shape.hardware, shape: MachineManifest.shape.shape });

const saveMemory: Step<MachineContext> = {
  name: 'memory.save',
  timeoutMs: 300_000,
  async run({ machine }, { signal }) {
    if (await machine.isHibernated()) return;
    const { driver, pool } = machine.host;
    const staging = stagingFolder(machine);
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging);
    await flush(machine.ramFile); // while the VM still runs: else all of it would be written while it stands still
    await flush(machine.diskFile);
    await driver.suspend(machine.domainName, { signal });
    await saveDeviceState(driver, { domainName: machine.domainName, runDir: machine.runDir, file: join(staging, 'state'), signal });
    for (const file of ['ram', 'disk']) {
      await pool.clone(join(machine.folder, file), join(staging, file));
      await flush(join(staging, file));
    }
    const { hardware, shape } = await machine.manifest();
    await writeFile(join(staging, 'info.json'), JSON.stringify({ formatVersion: 1, savedAt: new Date().toISOString(), hardware, shape }));
    await flush(join(staging, 'info.json'));
    await syncFolder(staging);
    await rename(staging, machine.hibernationFolder);
    await syncFolder(machine.folder);
  },
  async undo({ machine }) {
    await rm(stagingFolder(machine), { recursive: true, force: true });
    if (!isActive(await machine.domain())) return; // it sleeps, or has ended: nothing to go back to
    await rm(machine.hibernationFolder, { recursive: true, force: true });
    if ((await machine.domain())?.state === 'paused') await machine.host.driver.resume(machine.domainName);
  },
};

const endVm: Step<MachineContext> = {
  name: 'vm.end',
  timeoutMs: 60_000,
  async run({ machine }) {
    await machine.powerOff();
    await machine.releaseRam();
    await machine.host.network.detach((await machine.manifest()).network.index);
  },
};

export const hibernateSteps: readonly Step<MachineContext>[] = [saveMemory, endVm];

const loadMemory: Step<MachineContext> = {
  name: 'memory.load',
  timeoutMs: 300_000,
  async run({ machine }, { signal }) {
    const { driver, pool } = machine.host;
    const info = await checkHibernation(machine);
    await machine.powerOff(); // of an interrupted attempt
    for (const file of ['ram', 'disk']) {
      const live = join(machine.folder, file);
      await rm(live, { force: true });
      await pool.clone(join(machine.hibernationFolder, file), live);
      await chown(live, machine.host.qemuUser.uid, machine.host.qemuUser.gid);
    }
    await machine.prepareRunDir();
    const manifest = await machine.changeManifest({ hardware: info.hardware, shape: info.shape });
    await driver.createFromXml(domainXml(machine, manifest, { incoming: true }), { paused: true, signal });
    await loadDeviceState(driver, { domainName: machine.domainName, runDir: machine.runDir, file: join(machine.hibernationFolder, 'state'), signal });
    await driver.resume(machine.domainName, { signal });
  },
  async undo({ machine }) {
    await machine.powerOff();
    await machine.releaseRam();
  },
};

const correctClock: Step<MachineContext> = {
  name: 'guest.clock',
  timeoutMs: 60_000,
  async run({ machine }, { signal }) {
    await machine.whileActive(signal, async (active) => await setClock(machine, active));
  },
};

/** Verified by the agent, so the sleeping copy is not needed any more. */
const confirm: Step<MachineContext> = {
  name: 'guest.ready',
  timeoutMs: 240_000,
  async run({ machine }, step) {
    await ready(machine, step);
    await rm(machine.hibernationFolder, { recursive: true, force: true });
  },
};

export const wakeSteps: readonly Step<MachineContext>[] = [attachNetwork, loadMemory, correctClock, confirm];

/** @throws corrupt naming the file; unsupported when this host's QEMU is not the one that saved it */
async function checkHibernation(machine: Machine): Promise<z.infer<typeof HibernationInfo>> {
  const folder = machine.hibernationFolder;
  const info = await readJsonFile(join(folder, 'info.json'), HibernationInfo);
  const { size } = await stat(join(folder, 'ram'));
  if (size !== info.shape.memoryMaxMiB * 1024 * 1024) throw new SomnusError('corrupt', `${join(folder, 'ram')} has ${size} bytes, not ${info.shape.memoryMaxMiB} MiB`);
  const now = await machine.host.hardware();
  if (now.qemuVersion !== info.hardware.qemuVersion || now.accel !== info.hardware.accel) {
    throw new SomnusError('unsupported', `The memory was saved by QEMU ${info.hardware.qemuVersion} (${info.hardware.accel}); this host runs ${now.qemuVersion} (${now.accel})`, {
      hint: 'Bring that version back, or give up the memory with `somnus stop` and start from the disk.', details: { saved: info.hardware, host: now },
    });
  }
  return info;
}

function stagingFolder(machine: Machine): string {
  return join(machine.folder, '.hibernation');
}

async function flush(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.datasync();
}
