// Detects memory that libvirt allocates and is never freed: requests large answers, many times.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LibvirtDriver } from '../../supervisor/libvirt/libvirt-driver.ts';
import { libvirtChildren, silent } from '../support/libvirt.ts';

const ROUNDS = 1_700; // six calls each
const MAX_GROWTH_MIB = 24;

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

test('ten thousand calls do not grow the process that makes them', async () => {
  await using driver = new LibvirtDriver({ uri: 'test:///default', log: silent });
  await driver.whenConnected();
  const [pid = 0] = libvirtChildren('events');
  const name = `lvt-${randomUUID()}`;
  const xml = `<domain type='test'><name>${name}</name><uuid>${randomUUID()}</uuid><description>${'x'.repeat(20_000)}</description><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`;
  const round = async (): Promise<void> => {
    await driver.define(xml);
    expect(await driver.find(name)).toBeDefined();
    expect(await driver.find('lvt-unknown')).toBeUndefined();
    expect((await driver.domainXml(name)).length).toBeGreaterThan(20_000);
    await driver.list();
    await driver.allStats();
  };
  for (let i = 0; i < ROUNDS / 4; i += 1) await round(); // until the heap has reached its size
  const before = residentMiB(pid);
  for (let i = 0; i < ROUNDS; i += 1) await round();
  const growth = residentMiB(pid) - before;
  expect(growth, `from ${before} MiB`).toBeLessThan(MAX_GROWTH_MIB); // one leaked XML per round would add up to 34 MiB
  console.log(`libvirt child: ${before.toFixed(0)} MiB, ${growth.toFixed(1)} MiB more after ${ROUNDS * 6} calls`);
});
