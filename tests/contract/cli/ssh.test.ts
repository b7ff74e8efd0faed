// `somnus ssh-config` and `ssh-proxy`. A real VM is in e2e/vm-api.test.ts.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { environment, ENV_A, operation } from '../api/fake-services.ts';
import { problem, ScriptedApi } from './scripted-api.ts';

let api: ScriptedApi;
let folder: string;
beforeEach(async () => {
  api = await ScriptedApi.start();
  folder = mkdtempSync(join(tmpdir(), 'somnus-ssh 100%-'));
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test('ssh-config stores the key for its owner only, and prints an entry that ssh understands, with the host key pinned', async () => {
  api.on('POST /v1/environments/demo/ssh', { json: { environmentId: ENV_A, name: 'demo', user: 'root', privateKey: 'private key\n', hostPublicKey: 'ssh-ed25519 AAAA' } });
  const { code, stdout } = await api.somnus.run(['ssh-config', 'demo'], { env: { SOMNUS_KEY_FILE: join(folder, 'key') } });
  expect(code).toBe(0);
  const identity = join(folder, 'ssh', ENV_A);
  expect([readFileSync(identity, 'utf8'), statSync(identity).mode & 0o777, statSync(join(folder, 'ssh')).mode & 0o777]).toEqual(['private key\n', 0o600, 0o700]);
  expect(readFileSync(`${identity}.known_hosts`, 'utf8')).toBe(`${ENV_A} ssh-ed25519 AAAA\n`);
  const file = join(folder, 'config');
  writeFileSync(file, stdout);
  const seen = spawnSync('ssh', ['-T', '-G', '-F', file, 'somnus-demo'], { encoding: 'utf8' });
  expect(seen.stderr).toBe('');
  const settings = seen.stdout.split('\n');
  expect(settings).toEqual(expect.arrayContaining(['hostname demo', 'user root', 'identitiesonly yes', 'stricthostkeychecking true', `hostkeyalias ${ENV_A}`, `identityfile ${identity.replaceAll('%', '%%')}`]));
  expect(settings.find((line) => line.startsWith('proxycommand'))).toMatch(new RegExp(`main\\.ts ssh-proxy ${ENV_A}$`));
});

test('ssh-proxy wakes a hibernated environment before it connects, and says why it cannot', async () => {
  api.on('GET /v1/environments/demo', { json: { ...environment(ENV_A, 'demo'), state: 'hibernated' } });
  api.on('POST /v1/environments/demo/wake', { json: { environment: null, operation: operation({ kind: 'environment.wake', status: 'failed' }) } });
  expect(await api.somnus.run(['ssh-proxy', 'demo'])).toMatchObject({ code: 5, stdout: '', stderr: expect.stringContaining('demo could not be woken') as string });
  expect(api.asked('POST /v1/environments/demo/wake')[0]?.query.get('wait')).toBe('120');
  api.on('GET /v1/environments/demo', problem('not_found', 'There is no environment "demo"'));
  expect(await api.somnus.run(['ssh-proxy', 'demo'])).toMatchObject({ code: 3, stdout: '' });
});
