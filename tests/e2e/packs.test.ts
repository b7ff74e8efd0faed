// Packs on a real VM: created with one, and a pack whose third step fails, is corrected and continues.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import type { InstalledPack, ShownPackEntry } from '../../orchestrator/packs/pack-schemas.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { TestControlPlane } from '../support/control-plane.ts';

const NAME = 'packed';
/** Everything that a pack could change: files with their hashes, and packages. */
const INVENTORY = 'find /etc /usr/bin -xdev -type f -print0 | sort -z | xargs -0 sha256sum; dpkg-query --show';

let somnus: TestControlPlane;
let folder: string;

async function addPack(name: string, version: string, steps: object[]): Promise<void> {
  const path = join(folder, 'pack.yaml');
  await writeFile(path, stringify({ name, version, description: 'For a test.', steps }));
  await somnus.ok('pack', 'create', folder, '--replace');
}

const guest = async (script: string): Promise<string> => await somnus.ok('exec', NAME, '--', 'sh', '-euc', script);
const installed = async (): Promise<string[]> => (await somnus.json<Page<InstalledPack>>('pack', 'ls', '-e', NAME)).items.map(({ name, version, complete, steps }) => `${name} ${version} ${complete ? 'complete' : `up to ${steps.at(-1)}`}`);
const history = async (): Promise<ShownPackEntry[]> => (await somnus.json<Page<ShownPackEntry>>('pack', 'history', NAME)).items;

const settings = { name: 'settings', file: { path: '/etc/demo/settings', content: 'first\n' }, check: 'grep -qx first /etc/demo/settings' };
const packages = { name: 'packages', apt: ['hello'], check: `hello\n{ ${INVENTORY}; } > /var/lib/inventory` };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'somnus-packs-'));
  somnus = await TestControlPlane.withImage();
  await addPack('greeting', '1.0.0', [{ name: 'greeting', command: 'echo "it\'s here" > /etc/greeting', check: 'grep -q here /etc/greeting' }]);
  await somnus.ok('create', NAME, '--profile', 'idle', '--packs', 'greeting');
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('A new environment has its packs, and its creation shows each step', async () => {
  expect(await guest('cat /etc/greeting')).toBe("it's here\n");
  const { items: [operation] } = await somnus.json<Page<Operation>>('op', 'ls', '--kind', 'environment.provision');
  const names = operation?.steps.map(({ name }) => name) ?? [];
  for (const name of ['policy.check', 'vm.start', 'greeting/greeting', 'greeting/greeting.check', 'greeting/greeting.snapshot', 'configuration.save', 'monitoring.start']) expect(names).toContain(name);
  expect(operation?.steps.every(({ status }) => status === 'done')).toBe(true);
});

test('When the check of the third step fails, the VM is as after the second, and the error names the step', async () => {
  const { bootId } = await somnus.json<Environment>('show', NAME);
  await addPack('demo', '1.0.0', [settings, packages, { name: 'feature', command: 'dpkg --purge hello\necho broken | tee /etc/demo/settings /etc/demo/more\nrm /etc/greeting', check: 'echo "the feature is missing"; exit 4' }]);
  const failed = await somnus.cli(['pack', 'install', NAME, 'demo']);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('The step feature (3 of 3) of demo 1.0.0 failed: its check exited with 4: the feature is missing');
  expect(failed.stderr).toContain(`${NAME} is as after the step packages of demo 1.0.0`);
  expect(await guest(`{ ${INVENTORY}; } | diff - /var/lib/inventory && cat /etc/demo/settings && hello`)).toContain('first\nHello, world!');
  expect(await installed()).toEqual(['demo 1.0.0 up to packages', 'greeting 1.0.0 complete']);
  expect(await somnus.json<Environment>('show', NAME)).toMatchObject({ state: 'running', bootId });
});

test('A corrected pack continues at the step that failed', async () => {
  await addPack('demo', '1.0.1', [settings, packages, { name: 'feature', command: 'echo feature > /etc/demo/feature', check: 'test -s /etc/demo/feature' }]);
  await somnus.ok('pack', 'install', NAME, 'demo');
  const { items: [operation] } = await somnus.json<Page<Operation>>('op', 'ls', '--kind', 'pack.install');
  expect(operation?.steps.map(({ name }) => name)).toEqual(['policy.check', 'before.snapshot', 'demo/feature', 'demo/feature.check', 'demo/feature.snapshot']);
  expect(await installed()).toEqual(['demo 1.0.1 complete', 'greeting 1.0.0 complete']);
  expect(await somnus.json('pack', 'verify', NAME)).toMatchObject({ ok: true });
});

test('The same pack and version does nothing and says so', async () => {
  const before = await history();
  const again = await somnus.cli(['pack', 'install', NAME, 'demo']);
  expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('demo 1.0.1 is installed already; nothing to do for it.') as string });
  expect(await history()).toEqual(before);
});

test('An earlier entry of the history can be returned to', async () => {
  const entry = (await history()).find(({ step }) => step === 'settings');
  await somnus.ok('pack', 'return', NAME, String(entry?.number), '--no-safety');
  expect(await installed()).toEqual(['demo 1.0.0 up to settings', 'greeting 1.0.0 complete']);
  expect(await guest('cat /etc/demo/settings; command -v hello || echo none')).toBe('first\nnone\n');
});
