// What every VmDriver must do, on every hypervisor.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../common/errors.ts';
import type { VmDriver } from '../../supervisor/libvirt/vm-driver.ts';
import { EventLog } from '../support/libvirt.ts';

/** Features that a hypervisor may lack; it must then fail with this code. */
export type Ability = 'startPaused' | 'powerButton' | 'stateErrors' | 'setMemory' | 'setCpuQuota' | 'vcpuStats' | 'monitor' | 'guestAgent';

export interface SuiteOptions {
  hypervisor: string;
  open: () => VmDriver;
  /** The smallest domain that starts. `more` is added to its XML. */
  domainXml: (domain: { name: string; uuid: string; more?: string }) => string;
  lacks: Partial<Record<Ability, ErrorCode>>;
}

export function vmDriverSuite({ hypervisor, open, domainXml, lacks }: SuiteOptions): void {
  describe(`a VM driver on ${hypervisor}`, () => {
    let driver: VmDriver;
    let made: string[] = [];
    beforeAll(async () => {
      driver = open();
      await driver.whenConnected();
    });
    afterEach(async () => {
      for (const name of made) {
        await driver.destroy(name).catch(() => {});
        await driver.undefine(name).catch(() => {});
      }
      made = [];
    });
    afterAll(async () => await driver.close());

    const newDomain = (prefix = 'lvt'): { name: string; uuid: string } => {
      const domain = { name: `${prefix}-${randomUUID()}`, uuid: randomUUID() };
      made.push(domain.name);
      return domain;
    };
    const defined = async (): Promise<{ name: string; uuid: string }> => {
      const domain = newDomain();
      await driver.define(domainXml(domain));
      return domain;
    };
    const running = async (): Promise<{ name: string; uuid: string }> => {
      const domain = await defined();
      await driver.start(domain.name);
      return domain;
    };
    const stateOf = async (name: string): Promise<string | undefined> => (await driver.find(name))?.state;

    /** Runs something the hypervisor may not support; returns undefined if it fails with the documented code. */
    const ifAble = async <T>(ability: Ability, action: () => Promise<T>): Promise<T | undefined> => {
      const code = lacks[ability];
      if (code === undefined) return await action();
      await expect(action()).rejects.toMatchObject({ code });
      return undefined;
    };

    describe('definitions', () => {
      test('a defined domain is off, persistent, and can be found by name', async () => {
        const domain = newDomain();
        expect(await driver.define(domainXml(domain))).toEqual(domain);
        expect(await driver.find(domain.name)).toMatchObject({ ...domain, state: 'shut_off', persistent: true, id: undefined });
        expect(await driver.list()).toContainEqual(expect.objectContaining({ ...domain, state: 'shut_off' }));
      });

      test('defining again with the same UUID replaces the definition', async () => {
        const domain = await defined();
        await driver.define(domainXml({ ...domain, more: '<description>second</description>' }));
        expect(await driver.domainXml(domain.name)).toContain('<description>second</description>');
        expect((await driver.list()).filter(({ name }) => name === domain.name)).toHaveLength(1);
      });

      test('another UUID with a taken name is refused with libvirt\'s error number, and changes nothing', async () => {
        const domain = await defined();
        await expect(driver.define(domainXml({ name: domain.name, uuid: randomUUID() }))).rejects.toMatchObject({ code: 'libvirt', details: { libvirtCode: 9, level: 2, call: 'virDomainDefineXML' } });
        expect(await driver.find(domain.name)).toMatchObject(domain);
      });

      test.each(['', 'not XML', '<domain>', '<domain type="qemu"></domain>', '<network/>', '<domain type="qemu"><name>x</name>'])('XML that libvirt cannot read is an invalid request: %j', async (xml) => {
        await expect(driver.define(xml)).rejects.toMatchObject({ code: expect.stringMatching(/^(invalid_request|libvirt)$/), details: { libvirtCode: expect.any(Number) as number } });
        await expect(driver.createFromXml(xml)).rejects.toMatchObject({ code: expect.stringMatching(/^(invalid_request|libvirt)$/) });
      });

      test('a NUL in a name is refused, not cut off', async () => {
        const domain = await defined();
        await expect(driver.undefine(`${domain.name}\0-and-more`)).rejects.toMatchObject({ code: 'invalid_request' });
        expect(await stateOf(domain.name)).toBe('shut_off');
      });

      test('a name beyond ASCII is returned unchanged', async () => {
        const domain = newDomain('lvt-übung-日本-🙂');
        await driver.define(domainXml(domain));
        expect(await driver.find(domain.name)).toMatchObject(domain);
        expect((await driver.list()).map(({ name }) => name)).toContain(domain.name);
        expect(await driver.domainXml(domain.name)).toContain(domain.name);
      });

      test('one megabyte of XML is stored and returned unchanged', async () => {
        const domain = newDomain();
        const long = 'x'.repeat(1024 * 1024);
        await driver.define(domainXml({ ...domain, more: `<description>${long}</description>` }));
        expect(await driver.domainXml(domain.name)).toContain(long);
      });

      test('undefining a running domain lets it run; it disappears when it stops', async () => {
        const { name } = await running();
        await driver.undefine(name);
        expect(await driver.find(name)).toMatchObject({ state: 'running', persistent: false });
        await driver.destroy(name);
        expect(await driver.find(name)).toBeUndefined();
      });
    });

    describe('lifecycle', () => {
      test('a domain starts, suspends, resumes and ends; every state is visible, and every event arrives in order', async () => {
        const domain = newDomain();
        const { name } = domain;
        using log = new EventLog(driver, name);
        await driver.define(domainXml(domain));
        await driver.start(name);
        const first = await driver.find(name);
        expect(first).toMatchObject({ state: 'running', reason: 'booted', id: expect.any(Number) as number });
        await driver.suspend(name);
        expect(await driver.find(name)).toMatchObject({ state: 'paused', reason: 'user', id: first?.id });
        await driver.resume(name);
        expect(await driver.find(name)).toMatchObject({ state: 'running', reason: 'unpaused' });
        await driver.destroy(name);
        expect(await driver.find(name)).toMatchObject({ state: 'shut_off', reason: 'destroyed', id: undefined });
        await driver.start(name);
        expect((await driver.find(name))?.id).not.toBe(first?.id);
        await driver.destroy(name);
        await driver.undefine(name);
        await log.untilLast('undefined');
        const seen = log.names.filter((event) => event !== 'shutdown'); // QEMU also reports that it was asked to end
        // QEMU starts suspended, and reports a resume first.
        expect(seen.join(' ').replaceAll('resumed started', 'started')).toBe('defined started suspended resumed stopped started stopped undefined');
        expect(log.events.every(({ uuid, atMs }) => uuid === domain.uuid && Math.abs(Date.now() - atMs) < 60_000)).toBe(true);
        expect(log.events.find(({ event }) => event === 'stopped')?.detail).toBe('destroyed');
      });

      test('a domain can be started suspended', async () => {
        const { name } = await defined();
        await ifAble('startPaused', async () => {
          await driver.start(name, { paused: true });
          expect(await stateOf(name)).toBe('paused');
        });
      });

      test('what a state does not allow fails with an invalid state', async () => {
        const { name } = await defined();
        await expect(driver.suspend(name)).rejects.toMatchObject({ code: lacks.stateErrors ?? 'invalid_state' });
        await expect(driver.resume(name)).rejects.toMatchObject({ code: lacks.stateErrors ?? 'invalid_state' });
        await expect(driver.destroy(name)).rejects.toMatchObject({ code: 'invalid_state', details: { libvirtCode: 55 } });
        await driver.start(name);
        await expect(driver.start(name)).rejects.toMatchObject({ code: lacks.stateErrors ?? 'invalid_state' });
      });

      test('a domain created from XML disappears when it stops', async () => {
        const domain = newDomain();
        expect(await driver.createFromXml(domainXml(domain))).toEqual(domain);
        expect(await driver.find(domain.name)).toMatchObject({ state: 'running', persistent: false });
        await driver.destroy(domain.name);
        expect(await driver.find(domain.name)).toBeUndefined();
      });

      test('creating a defined domain from other XML runs that XML and keeps the definition', async () => {
        const domain = await defined();
        await driver.createFromXml(domainXml({ ...domain, more: '<title>just this once</title>' }));
        expect(await driver.find(domain.name)).toMatchObject({ ...domain, state: 'running', persistent: true });
        expect(await driver.domainXml(domain.name)).toContain('just this once');
        expect(await driver.domainXml(domain.name, { inactive: true })).not.toContain('just this once');
        await driver.destroy(domain.name);
        expect(await driver.find(domain.name)).toMatchObject({ ...domain, state: 'shut_off' });
        expect(await driver.domainXml(domain.name)).not.toContain('just this once');
      });

      test('a running domain accepts reset, reboot and shutdown', async () => {
        const { name } = await running();
        await driver.reset(name);
        expect(await stateOf(name)).toBe('running');
        await driver.reboot(name, { mode: 'acpi' });
        expect(await stateOf(name)).toBe('running');
        await ifAble('powerButton', async () => await driver.shutdown(name, { mode: 'acpi' }));
      });
    });

    describe('an unknown domain', () => {
      const actions: [string, (name: string) => Promise<unknown>][] = [
        ['undefine', async (name) => await driver.undefine(name)],
        ['start', async (name) => await driver.start(name)],
        ['suspend', async (name) => await driver.suspend(name)],
        ['resume', async (name) => await driver.resume(name)],
        ['shutdown', async (name) => await driver.shutdown(name, { mode: 'acpi' })],
        ['reboot', async (name) => await driver.reboot(name, { mode: 'agent' })],
        ['reset', async (name) => await driver.reset(name)],
        ['destroy', async (name) => await driver.destroy(name)],
        ['domainXml', async (name) => await driver.domainXml(name)],
        ['setMemoryMiB', async (name) => await driver.setMemoryMiB(name, 64)],
        ['setCpuQuota', async (name) => await driver.setCpuQuota(name, 50)],
        ['setIoWeight', async (name) => await driver.setIoWeight(name, 500)],
        ['stats', async (name) => await driver.stats(name)],
        ['monitor', async (name) => await driver.monitor(name, 'query-status')],
        ['guestAgent', async (name) => await driver.guestAgent(name, 'guest-ping')],
      ];
      test.each(actions)('is not found by %s', async (_verb, action) => {
        await expect(action(`lvt-${randomUUID()}`)).rejects.toMatchObject({ code: 'not_found', details: { libvirtCode: 42, call: 'virDomainLookupByName' } });
      });

      test.each(['', 'a/b', '../x', ' ', '-rf', 'x'.repeat(300)])('is undefined on lookup: %j', async (name) => {
        expect(await driver.find(name)).toBeUndefined();
      });
    });

    describe('resources', () => {
      test('statistics include the state, for one domain and for all running ones', async () => {
        const domain = await running();
        const off = await defined();
        expect(await driver.stats(domain.name)).toMatchObject({ ...domain, state: 'running', blocks: [], interfaces: [] });
        const all = await driver.allStats();
        expect(all.map(({ name }) => name)).toContain(domain.name);
        expect(all.map(({ name }) => name)).not.toContain(off.name);
      });

      test('statistics of a running domain include CPU time and memory', async () => {
        const { name } = await running();
        const stats = await driver.stats(name);
        if (lacks.vcpuStats) expect(stats.cpuTimeNs).toBeUndefined();
        else expect(stats).toMatchObject({ cpuTimeNs: expect.any(Number) as number, memory: { actualKiB: 65_536, rssKiB: expect.any(Number) as number } });
      });

      test('a CPU quota applies now and to later starts, and can be removed', async () => {
        const { name } = await running();
        await ifAble('setCpuQuota', async () => {
          await driver.setCpuQuota(name, 25);
          for (const inactive of [false, true]) expect(await driver.domainXml(name, { inactive })).toContain('<quota>25000</quota>');
          await driver.setCpuQuota(name, undefined);
          for (const inactive of [false, true]) expect(await driver.domainXml(name, { inactive })).not.toMatch(/<quota>\d/);
        });
      });

      test('memory can be changed while a domain runs, but not while it is off', async () => {
        const { name } = await running();
        await ifAble('setMemory', async () => await driver.setMemoryMiB(name, 48));
        await driver.destroy(name);
        await expect(driver.setMemoryMiB(name, 48)).rejects.toMatchObject({ code: lacks.setMemory ?? 'invalid_state' });
      });
    });

    describe('QEMU itself', () => {
      test('the monitor answers, and reports errors with its own class', async () => {
        const { name } = await running();
        const status = await ifAble('monitor', async () => await driver.monitor(name, 'query-status'));
        if (lacks.monitor) return;
        expect(status).toMatchObject({ status: 'running', running: true });
        await expect(driver.monitor(name, 'no-such-command')).rejects.toMatchObject({ code: 'unsupported', details: { qmpClass: 'CommandNotFound' } });
        await expect(driver.monitor(name, 'query-status', { surprise: 1 })).rejects.toMatchObject({ code: 'libvirt', details: { qmpClass: 'GenericError' } });
      });

      test('a missing guest agent is reported as such', async () => {
        const { name } = await running();
        await ifAble('guestAgent', async () => await driver.guestAgent(name, 'guest-ping'));
      });
    });

    describe('calls', () => {
      test('the host reports what it is', async () => {
        expect(await driver.hostInfo()).toMatchObject({
          uri: expect.stringContaining('://') as string,
          hostname: expect.stringMatching(/./) as string,
          libvirtVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
          cpus: expect.any(Number) as number,
          memoryMiB: expect.any(Number) as number,
        });
        expect(await driver.isAlive()).toBe(true);
      });

      test('calls for one domain run in the order they were made; calls for others run in parallel', async () => {
        const domains = await Promise.all(Array.from({ length: 5 }, async () => await defined()));
        await Promise.all(domains.flatMap(({ name }) => [driver.start(name), driver.suspend(name), driver.resume(name), driver.suspend(name)]));
        expect(await Promise.all(domains.map(async ({ name }) => await stateOf(name)))).toEqual(Array.from(domains, () => 'paused'));
      });

      test('a burst of calls and events loses none', async () => {
        const { name } = await running();
        using log = new EventLog(driver, name);
        await driver.suspend(name);
        await log.untilLast('suspended'); // the start's own "resumed" comes before this one
        const before = log.names.length;
        const rounds = 50;
        await Promise.all(Array.from({ length: rounds }, async () => await Promise.all([driver.resume(name), driver.find(name), driver.suspend(name)])));
        await driver.destroy(name);
        await log.untilLast('stopped');
        const burst = log.names.slice(before);
        expect(burst.filter((event) => event === 'suspended')).toHaveLength(rounds);
        expect(burst.filter((event) => event === 'resumed')).toHaveLength(rounds);
      });

      test('a call that waits for its turn can be cancelled, and never runs', async () => {
        const { name } = await defined();
        const abort = new AbortController();
        const started = driver.start(name);
        const cancelled = driver.destroy(name, { signal: AbortSignal.abort() });
        const waiting = Promise.all([driver.suspend(name), expect(driver.undefine(name, { signal: abort.signal })).rejects.toMatchObject({ code: 'cancelled' })]);
        abort.abort();
        await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
        await started;
        await waiting;
        expect(await driver.find(name)).toMatchObject({ state: 'paused', persistent: true });
      });

      test('a removed listener receives no more events', async () => {
        const domain = newDomain();
        const first = new EventLog(driver, domain.name);
        using second = new EventLog(driver, domain.name);
        await driver.define(domainXml(domain));
        await first.untilLast('defined');
        first[Symbol.dispose]();
        await driver.undefine(domain.name);
        await second.untilLast('undefined');
        expect(first.names).toEqual(['defined']);
      });

      test('a closed driver refuses calls, and can be closed again', async () => {
        const other = open();
        await other.whenConnected();
        await other.close();
        await other.close();
        expect(other.connection).toBe('lost');
        await expect(other.list()).rejects.toMatchObject({ code: 'unavailable' });
        expect(await other.isAlive()).toBe(false);
      });
    });
  });
}
