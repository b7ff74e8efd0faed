import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger } from '../../../common/log.ts';
import { assertCapacityToRun } from '../../../orchestrator/environments/admission.ts';
import type { EnvironmentRecord } from '../../../orchestrator/environments/sqlite-environments.ts';
import { PoolWatch, type PoolWatchDeps } from '../../../orchestrator/environments/pool-watch.ts';
import { Troubles } from '../../../orchestrator/host/troubles.ts';
import { poolLevel, type PoolSpace } from '../../../supervisor/storage/pool-level.ts';

const GIB = 2 ** 30;
const space = (freeGiB: number): PoolSpace => ({ totalBytes: 20 * GIB, freeBytes: freeGiB * GIB, reserveBytes: GIB });

test('The pool is filling from 80 % use on, full when the reserve and the running VMs lack space, and neither state flaps', () => {
  expect(poolLevel(space(4.3), 0)).toBe('ok');
  expect(poolLevel(space(4), 0)).toBe('filling');
  expect([4.1, 4.5, 4.8].map((free) => poolLevel(space(free), 0, 'filling'))).toEqual(['filling', 'filling', 'ok']);
  expect(poolLevel(space(8.9), 6 * GIB)).toBe('filling');
  expect(poolLevel(space(6.9), 6 * GIB)).toBe('full');
  expect([7.1, 7.9, 8.1].map((free) => poolLevel(space(free), 6 * GIB, 'full'))).toEqual(['full', 'full', 'filling']);
});

test('A VM that its user suspended needs one reserve to resume, one that was paused for lack of space needs two; a refusal gives the numbers', () => {
  const refused = expect.objectContaining({ code: 'insufficient_space', details: expect.objectContaining({ neededBytes: GIB }) as unknown });
  assertCapacityToRun({ memoryMiB: 1024, pausedBy: null }, 2 * GIB, space(4));
  expect(() => assertCapacityToRun({ memoryMiB: 1024, pausedBy: null }, 2 * GIB, space(3.9))).toThrow(refused);
  assertCapacityToRun({ memoryMiB: 1024, pausedBy: 'pool' }, 2 * GIB, space(5));
  expect(() => assertCapacityToRun({ memoryMiB: 1024, pausedBy: 'pool' }, 2 * GIB, space(4.9))).toThrow(refused);
});

/** A pool, and VMs of 1 GiB each, `busy` the last active one. */
class Scene {
  freeGiB = 20;
  readonly records = new Map<string, EnvironmentRecord>();
  readonly events: string[] = [];
  /** VMs that cannot be paused. */
  readonly stuck = new Set<string>();
  readonly watch: PoolWatch;
  readonly removedTemplates: string[] = [];

  constructor(...names: string[]) {
    for (const name of names) this.records.set(name, { id: name, name, state: 'running', pausedBy: null, operationId: null, memoryMiB: 1024 } as EnvironmentRecord);
    const change = (id: string, to: Partial<EnvironmentRecord>): void => {
      const record = this.records.get(id);
      if (record) this.records.set(id, { ...record, ...to });
    };
    this.watch = new PoolWatch({
      installation: 'test', log: createLogger({ level: 'silent' }),
      pool: { usage: async () => space(this.freeGiB) },
      templates: { removeAll: async (reason: string) => { this.removedTemplates.push(reason); } },
      driver: { connection: 'connected', onLifecycle: () => () => {} },
      records: { all: () => [...this.records.values()], get: (id: string) => this.records.get(id) },
      environments: {
        pause: async (id: string) => {
          if (this.stuck.has(id)) throw new Error('libvirt hangs');
          change(id, { state: 'suspended', pausedBy: 'pool' });
        },
        resumePaused: async (id: string) => change(id, { state: 'running', pausedBy: null }),
        usedAtMs: (id: string) => names.indexOf(id),
      },
      monitor: { read: () => { if (this.stuck.size > 0) throw new Error('no history'); return []; } },
      events: { append: ({ type }: { type: string }) => { this.events.push(type); } },
      reconciler: { look: () => {} },
      troubles: new Troubles({ events: { append: () => { throw new Error('not told'); } }, log: createLogger({ level: 'silent' }) }),
    } as unknown as PoolWatchDeps);
  }

  /** What runs after a second at this level. */
  async at(freeGiB: number): Promise<string[]> {
    this.freeGiB = freeGiB;
    await vi.advanceTimersByTimeAsync(10_000);
    return [...this.records.values()].filter(({ state }) => state === 'running').map(({ name }) => name);
  }
}

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

test('The longest idle are paused first, only as many as necessary, and the last to be idle resume first', async () => {
  const scene = new Scene('idle', 'used', 'busy');
  scene.watch.start();
  expect(await scene.at(4.1)).toEqual(['idle', 'used', 'busy']);
  expect(await scene.at(3.5)).toEqual(['used', 'busy']);
  expect(await scene.at(1.5)).toEqual([]);
  expect(scene.watch.state()).toMatchObject({ level: 'full', paused: ['idle', 'used', 'busy'], keptBytes: 0 });
  expect(await scene.at(2.9)).toEqual([]);
  expect(await scene.at(3)).toEqual(['busy']);
  expect(await scene.at(5)).toEqual(['idle', 'used', 'busy']);
  expect(await scene.at(20)).toEqual(['idle', 'used', 'busy']);
  expect(scene.events).toEqual(['pool.filling', 'pool.full', 'pool.filling', 'pool.ok']);
  expect(scene.removedTemplates[0]).toBe('the pool is filling up');
  await scene.watch.stop();
});

test('A VM with an active operation is not paused, and one that its user suspended stays suspended', async () => {
  const scene = new Scene('idle', 'used', 'busy');
  scene.records.set('idle', { ...scene.records.get('idle'), state: 'suspended' } as EnvironmentRecord);
  scene.records.set('used', { ...scene.records.get('used'), operationId: 'op' } as EnvironmentRecord);
  scene.watch.start();
  expect(await scene.at(1.5)).toEqual(['used']);
  expect(await scene.at(20)).toEqual(['used', 'busy']);
  await scene.watch.stop();
});

test('A VM that cannot be paused, or an unreadable history, does not stop the pool watch from handling the others', async () => {
  const scene = new Scene('idle', 'used', 'busy');
  scene.stuck.add('idle');
  scene.watch.start();
  expect(await scene.at(3.5)).toEqual(['idle', 'busy']);
  scene.stuck.clear();
  expect(await scene.at(2.5)).toEqual(['busy']);
  await scene.watch.stop();
});
