// `somnus secret set`, `ls`, `grant`, `revoke` and `rm`.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Secret } from '../../../orchestrator/gateway/secret.ts';
import { ScriptedApi } from './scripted-api.ts';
import { Terminal } from './terminal.ts';

const secret = (change: Partial<Secret> = {}): Secret => ({
  name: 'gpt', owner: 'usr_a', provider: 'openai', baseUrl: 'https://api.openai.com', header: 'Authorization: Bearer', methods: ['GET', 'POST'], paths: ['/v1/*'], budget: { requestsPerMinute: 60, requests: 100, bytes: null },
  allowPrivate: false, usage: { requests: 7, bytes: 900 }, environments: [{ id: 'env_1', name: 'demo' }], setAt: '2026-01-02T03:04:05.000Z', ...change,
});

let api: ScriptedApi;
beforeEach(async () => { api = await ScriptedApi.start(); });
afterEach(async () => { await api[Symbol.asyncDispose](); });

test('set reads the key from standard input or asks for it without showing it, and never takes it as an argument', async () => {
  api.on('PUT /v1/secrets/gpt', { json: secret({ environments: [] }) });
  const piped = await api.somnus.run(['secret', 'set', 'gpt', '--provider', 'openai', '--requests', '100', '--path', '/v1/*'], { input: 'sk-123456789\n' });
  expect(piped).toMatchObject({ code: 0, stdout: 'Set gpt for https://api.openai.com. Allow an environment to use it with `somnus secret grant gpt NAME`.\n' });
  expect(api.asked('PUT /v1/secrets/gpt')[0]?.body).toEqual({ value: 'sk-123456789', provider: 'openai', paths: ['/v1/*'], budget: { requests: 100 } });
  await using terminal = new Terminal(api.somnus.commandLine('secret', 'set', 'gpt', '--provider', 'openai'), api.somnus.environment());
  await terminal.shows(/Key of gpt: /);
  terminal.type('sk-typed-key\r');
  expect(await terminal.shows(/^[^]*Set gpt for/)).not.toContain('sk-typed-key');
  expect(api.asked('PUT /v1/secrets/gpt')[1]?.body).toMatchObject({ value: 'sk-typed-key' });
  expect(await api.somnus.run(['secret', 'set', 'gpt', 'sk-123456789'])).toMatchObject({ code: 2 });
  expect(await api.somnus.run(['secret', 'set', 'gpt'])).toMatchObject({ code: 2, stderr: expect.stringContaining('The secret is empty') as string });
});

test('ls shows services, usage with its limits, and environments', async () => {
  api.on('GET /v1/secrets', { json: { items: [secret()], nextCursor: null } });
  expect((await api.somnus.run(['secret', 'ls'])).stdout).toMatch(/gpt +https:\/\/api\.openai\.com +GET,POST \/v1\/\* +7 of 100 +900 +demo\n$/);
  expect((await api.somnus.run(['secret', 'ls', '-q'])).stdout).toBe('gpt\n');
});

test('grant prints where programs in the VM reach the service; revoke and rm say what they did', async () => {
  api.on('PUT /v1/secrets/gpt/grants/demo', { json: secret() });
  api.on('DELETE /v1/secrets/gpt/grants/demo', { json: secret({ environments: [] }) });
  api.on('DELETE /v1/secrets/gpt', { status: 204 });
  expect(await api.somnus.run(['secret', 'grant', 'gpt', 'demo'])).toMatchObject({ code: 0, stdout: 'Programs in demo reach https://api.openai.com at http://127.0.0.1:7777/gateway/gpt/\n' });
  expect(await api.somnus.run(['secret', 'revoke', 'gpt', 'demo'])).toMatchObject({ code: 0, stdout: 'demo may no longer use gpt.\n' });
  expect(await api.somnus.run(['secret', 'rm', 'gpt'])).toMatchObject({ code: 0, stdout: 'Removed gpt.\n' });
});
