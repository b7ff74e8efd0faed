// How Somnus handles a guest that uses more memory than its profile allows, with real records, events and a RAM file with holes.
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newId } from '../../../common/ids.ts';
import { MemoryWatch } from '../../../orchestrator/environments/memory-watch.ts';
import { SqliteEnvironments } from '../../../orchestrator/environments/sqlite-environments.ts';
import type { VmHost } from '../../../supervisor/vms/vm.ts';
import { environment } from '../../contract/api/fake-services.ts';
import { log, openWorkshop, scratchFolder } from '../../support/operations.ts';

const MIB = 2 ** 20;

/** A running VM that may have 256 of 1024 MiB and holds `usedMiB`. */
async function running(usedMiB: number, suspends = true) {
  const folder = scratchFolder();
  const workshop = openWorkshop(folder.path);
  const { store, events } = workshop;
  const records = new SqliteEnvironments(store);
  const id = newId('env');
  records.insert({ ...environment(id, 'demo'), networkIndex: 1 });
  const home = join(folder.path, id);
  await mkdir(home);
  const shape = { vcpus: 1, vcpusMax: 1, memoryMiB: 256, memoryMaxMiB: 1024, diskGiB: 1, cpuQuotaPercent: null, ioWeight: null };
  await writeFile(join(home, 'manifest.json'), JSON.stringify({
    formatVersion: 1, environmentId: id, name: 'demo', uuid: '5b0c9a0e-2a27-4f7e-8a55-0b2f8f1b2c3d', genid: '5b0c9a0e-2a27-4f7e-8a55-0b2f8f1b2c3d', createdAt: new Date().toISOString(),
    imageVersion: '1', kernelCmdline: '', hardware: { accel: 'tcg', machineType: 'pc', cpuModel: 'maximum', qemuVersion: '7.2.22' }, shape,
    network: { index: 1, ip: '10.1.0.2', mac: '02:00:00:00:00:01', policy: 'none' }, machineId: '1', generation: 1,
  }));
  const ram = await open(join(home, 'ram'), 'w');
  for (let at = 0; at < usedMiB; at += 1) await ram.write(Buffer.alloc(MIB, 1), 0, MIB, at * MIB);
  await ram.truncate(1024 * MIB);
  await ram.close();
  const types: string[] = [];
  events.onEvent(({ type }) => types.push(type));
  const actions: string[] = [];
  const watch = new MemoryWatch({
    records, events, log, suspends, host: { pool: { folders: { environment: () => home } }, log } as unknown as VmHost,
    environments: { isChanging: () => false, runAutomatically: (_, action) => { actions.push(action); }, suspendItself: async () => { actions.push('suspend'); } },
  });
  return {
    types, actions,
    look: async (times: number) => { for (let look = 0; look < times; look += 1) await watch.look(); },
    returnMemory: async () => { await using file = await open(join(home, 'ram'), 'r+'); await file.truncate(0); await file.truncate(1024 * MIB); },
    [Symbol.dispose]: () => {
      workshop[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

test('A guest that takes memory back from the balloon is reported, has its resources applied again, and is suspended if it keeps the memory', async () => {
  using guest = await running(500);
  await guest.look(1);
  expect([guest.types, guest.actions]).toEqual([[], []]);
  await guest.look(1);
  expect([guest.types, guest.actions]).toEqual([['environment.memory-exceeded'], ['settle']]);
  await guest.look(9);
  expect(guest.actions).toEqual(['settle']);
  await guest.look(3);
  expect(guest.actions).toEqual(['settle', 'suspend']);
});

test('One that returns it in time keeps running, and one within its profile is not affected', async () => {
  using taking = await running(500);
  await taking.look(4);
  await taking.returnMemory();
  await taking.look(20);
  expect(taking.actions).toEqual(['settle']);
  using modest = await running(200);
  await modest.look(20);
  expect(modest.actions).toEqual([]);
});

test('If the configuration says to report only, it is not suspended', async () => {
  using guest = await running(500, false);
  await guest.look(20);
  expect([guest.types, guest.actions]).toEqual([['environment.memory-exceeded'], []]);
});
