// The API inside a VM, used from inside a real one.
import { beforeAll, expect, test } from 'vitest';
import { TestControlPlane } from '../support/control-plane.ts';
import type { Snapshot } from '../../orchestrator/snapshots/snapshot-schemas.ts';

let somnus: TestControlPlane;
const NAME = 'inside';

beforeAll(async () => {
  somnus = await TestControlPlane.withImage();
  await somnus.ok('create', NAME, '--profile', 'idle');
  await expect.poll(async () => (await somnus.cli(['exec', NAME, '--', 'somnus', 'me'])).code, { timeout: 120_000, interval: 500 }).toBe(0);
});

const inside = async (...words: string[]): Promise<string> => await somnus.ok('exec', NAME, '--', 'somnus', ...words);

test('From inside, a program saves its VM, runs an action, and is refused what is not its own', async () => {
  expect(await inside('me')).toContain(`${NAME} (env_`);
  expect(JSON.parse(await inside('--json', 'snapshot', 'mine', '-m', 'from inside'))).toMatchObject({ continuedBy: 'snapshot', operation: { status: 'succeeded' } });
  expect((await somnus.json<{ items: Snapshot[] }>('snapshot', 'ls', NAME)).items).toMatchObject([{ name: 'mine', description: 'from inside', memory: true }]);
  expect(await inside('run', 'echo from the action')).toBe('from the action\n');
  expect((await somnus.cli(['exec', NAME, '--', 'sh', '-c', 'curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1:7777/v1/me; stat -c %a /run/somnus/token'])).stdout).toBe('401600\n');
  expect((await somnus.cli(['exec', NAME, '--', 'somnus', 'get', '/v1/environments'])).code).toBe(3);
});

test('A program rolls its VM back: it gets the answer, and then the VM has the state of the snapshot', async () => {
  await somnus.ok('exec', NAME, '--', 'touch', '/root/later');
  expect(await inside('rollback', 'mine')).toMatch(/^Operation op_\w+ replaces this VM/);
  await expect.poll(async () => (await somnus.cli(['exec', NAME, '--', 'ls', '/root/later'])).code, { timeout: 120_000, interval: 500 }).toBe(2);
  await expect.poll(async () => (await somnus.cli(['exec', NAME, '--', 'somnus', 'me'])).code, { timeout: 120_000, interval: 500 }).toBe(0);
});
