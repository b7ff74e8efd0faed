// The API inside a VM, used from inside a real one.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test, vi } from 'vitest';
import { pollUntil } from '../../common/deadline.ts';
import type { Snapshot } from '../../orchestrator/snapshots/snapshot-schemas.ts';
import { TestControlPlane } from '../support/control-plane.ts';
import { KEY, ModelServer } from '../support/model-server.ts';

let somnus: TestControlPlane;
const NAME = 'inside';

beforeAll(async () => {
  somnus = await TestControlPlane.withImage();
  await somnus.ok('create', NAME, '--profile', 'idle');
  await pollUntil('The API in the VM', { timeoutMs: 120_000, intervalMs: 500 }, async () => ((await somnus.cli(['exec', NAME, '--', 'somnus', 'me'])).code === 0 ? true : undefined));
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

test('What a program remembers is found again, from inside and outside', async () => {
  expect((await somnus.cli(['memory', 'setup', '--secret-file', '-'], { input: 'correct horse battery' })).code).toBe(0);
  expect(await inside('remember', 'The build of the project needs libpq')).toMatch(/^stored mem_/);
  expect(await inside('recall', 'build needs libpq')).toContain('libpq');
  expect(await somnus.ok('memory', 'recall', 'build needs libpq')).toContain('libpq');
});

test('A program uses a service through the gateway, with a key that is nowhere in the VM', async () => {
  await using models = await ModelServer.start();
  expect((await somnus.cli(['secret', 'set', 'gpt', '--provider', 'openai', '--base-url', models.url, '--allow-private'], { input: KEY })).code).toBe(0);
  const ask = `curl -sN -H "Authorization: Bearer $(cat /run/somnus/token)" --json '{"stream":true}' http://127.0.0.1:7777/gateway/gpt/v1/chat/completions`;
  expect(await somnus.ok('exec', NAME, '--', 'sh', '-c', ask)).toContain('may not use a secret');
  await somnus.ok('secret', 'grant', 'gpt', NAME);
  expect(await somnus.ok('exec', NAME, '--', 'sh', '-c', ask)).toContain('data: {"delta":"two"}');
  expect(models.requests).toMatchObject([{ headers: { authorization: `Bearer ${KEY}` } }]);
  expect(await somnus.ok('exec', NAME, '--', 'sh', '-c', `env; cat /proc/*/environ /run/somnus/* 2>/dev/null; grep -rs ${KEY.slice(0, 9)}[0]${KEY.slice(10)} /etc /root /run /var/lib/somnus || true`)).not.toContain(KEY);
});

test('ssh and scp connect through the control plane with the entry of ssh-config, and wake the environment', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'somnus-ssh-'));
  const config = join(folder, 'config');
  const env = { SOMNUS_KEY_FILE: join(folder, 'key') }; // the files of ssh-config are stored beside it
  await writeFile(env.SOMNUS_KEY_FILE, somnus.key, { mode: 0o600 });
  await writeFile(config, (await somnus.cli(['ssh-config', NAME], { env })).stdout);
  const run = async (program: string, ...args: string[]): Promise<string> => (await promisify(execFile)(program, ['-F', config, ...args], { env: somnus.environment(env) })).stdout;
  await somnus.ok('suspend', NAME);
  expect(await run('ssh', `somnus-${NAME}`, 'hostname; whoami')).toBe(`${NAME}\nroot\n`);
  await run('scp', config, `somnus-${NAME}:/root/copied`);
  expect(await somnus.ok('exec', NAME, '--', 'cat', '/root/copied')).toContain('ProxyCommand');
  await rm(folder, { recursive: true });
});

test('A program rolls its VM back: the VM has the state of the snapshot, and the API again', async () => {
  await somnus.ok('exec', NAME, '--', 'touch', '/root/later');
  const { code, stdout, stderr } = await somnus.cli(['exec', NAME, '--', 'somnus', 'rollback', 'mine']);
  expect(code === 0 ? stdout : stderr).toMatch(code === 0 ? /^Operation op_\w+ replaces this VM/ : 'was restored from a snapshot'); // the VM may be replaced before the command has printed its line
  await expect.poll(async () => (await somnus.cli(['exec', NAME, '--', 'ls', '/root/later'])).code, { timeout: 120_000, interval: 500 }).toBe(2);
  await vi.waitFor(async () => await somnus.ok('exec', NAME, '--', 'somnus', 'me'), { timeout: 120_000, interval: 500 });
});
