import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Config } from '../../common/config.ts';
import { createLogger } from '../../common/log.ts';
import { cachedGuestImage } from '../../images/build-guest.ts';
import { chooseAccel, rememberedAccel, whyNotBooting } from '../../supervisor/host/accel.ts';
import { HostHardware } from '../../supervisor/host/hardware.ts';
import { LibvirtDriver } from '../../supervisor/libvirt/libvirt-driver.ts';
import { ImageStore } from '../../supervisor/storage/image-store.ts';
import { poolOf } from '../../supervisor/storage/xfs-pool.ts';

const log = createLogger({ level: 'silent' });
let folder: string;
let probe: { kernel: string; initrd: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'somnus-accel-'));
  const { imageDir } = await cachedGuestImage({ cacheDir: Config.parse({}).images.cacheDir, log });
  probe = { kernel: join(imageDir, 'kernel'), initrd: join(imageDir, 'initrd') };
});
afterAll(async () => { await rm(folder, { recursive: true }); });

test('A guest that reaches user space proves its accelerator', async () => {
  expect(await whyNotBooting('tcg', probe, 120_000)).toBeUndefined();
});

test('A guest that cannot boot, or prints nothing in time, disproves it, and the reason is reported', async () => {
  const broken = join(folder, 'kernel');
  await writeFile(broken, 'not a kernel');
  expect(await whyNotBooting('tcg', { ...probe, kernel: broken }, 120_000)).toMatch(/\S/);
  expect(await whyNotBooting('tcg', probe, 50)).toContain('no sign of user space within 0.05 s');
});

test('auto is decided once per boot of the host, and remembered', async () => {
  const file = join(folder, 'accel.json');
  const first = await chooseAccel({ setting: 'auto', file, qemuVersion: '1.2.3', probe, log });
  expect(first.reason).toMatch(/\S/);
  expect(await rememberedAccel(file)).toEqual(await readFile(file, 'utf8').then((text) => JSON.parse(text) as unknown, () => undefined));
  const again = await chooseAccel({ setting: 'auto', file, qemuVersion: '1.2.3', probe: { kernel: '/missing', initrd: '/missing' }, log });
  expect(again).toEqual(first);
});

test('A verdict from another boot of the host is not used', async () => {
  const file = join(folder, 'old.json');
  await writeFile(file, JSON.stringify({ use: 'kvm', reason: 'long ago', bootId: 'another', qemuVersion: '1.2.3' }));
  expect(await rememberedAccel(file)).toBeUndefined();
});

test('The verdict is known after a restart of Somnus, before a VM starts', async () => {
  const file = join(folder, 'known.json');
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  await writeFile(file, JSON.stringify({ use: 'kvm', reason: 'it booted', bootId, qemuVersion: '1.2.3' }));
  await using driver = new LibvirtDriver({ uri: 'test:///default', log });
  const hardware = new HostHardware({ setting: 'auto', accelFile: file, driver, images: new ImageStore(poolOf(Config.parse({}))), log });
  expect(hardware.accel).toMatchObject({ use: 'tcg', reason: expect.stringContaining('not tested yet') as string });
  await hardware.recall();
  expect(hardware.accel).toEqual({ use: 'kvm', setting: 'auto', reason: 'it booted' });
});

test('A configured accelerator is not tested', async () => {
  expect(await chooseAccel({ setting: 'tcg', file: join(folder, 'none'), qemuVersion: '1', probe, log })).toMatchObject({ use: 'tcg', reason: 'set in the configuration' });
});
