// @somnus/client against the real API with fake services: its example, and what its helpers do with errors.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClient, exec, SomnusApiError, unwrap, waitForOperation } from '../../../orchestrator/client/index.ts';
import { ENV_B, environment, keys, operation } from '../api/fake-services.ts';
import { startApi, type Harness } from '../api/harness.ts';

const folder = new URL('../../../orchestrator/client/', import.meta.url);
const example = new URL('example.ts', folder);

let api: Harness;
beforeEach(async () => { api = await startApi(); });
afterEach(async () => { await api.close(); });

const clientOf = (key: string) => createClient({ baseUrl: api.url, key });

async function runExample(key: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { PATH: process.env['PATH'], SOMNUS_API: api.url, SOMNUS_KEY: key };
  return await promisify(execFile)(process.execPath, [example.pathname], { env }).then((output) => ({ code: 0, ...output }), (error: { code: number; stdout: string; stderr: string }) => error);
}

test('The example in README.md is example.ts', async () => {
  const readme = await readFile(new URL('README.md', folder), 'utf8');
  expect(readme).toContain(`\`\`\`ts\n${(await readFile(example, 'utf8')).replace("'./index.ts'", "'@somnus/client'")}\`\`\``);
});

test('The example creates an environment, waits for it, runs a program in it and takes a snapshot', async () => {
  api.services.all.set(ENV_B, environment(ENV_B, 'demo'));
  api.services.operationEnds.resolve(operation({ status: 'succeeded', endedAt: '2026-01-02T03:04:06.000Z' }));
  const { code, stdout, stderr } = await runExample(keys.write);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toBe('exit code 0: Hello from the VM\na 10.83.0.2 512\ndemo 10.83.0.2 512\n');
  expect(api.services.calls.map(({ what }) => what)).toEqual(['create', 'wait', 'snapshot', 'wait']);
});

test('The example prints the API\'s error with its hint', async () => {
  expect(await runExample('somnus_unknown')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^unauthenticated: .+\. .+\n$/) as string });
});

test('A refused call throws an error with the API\'s code and hint', async () => {
  const refused = unwrap(clientOf(keys.read).GET('/v1/environments/{ref}', { params: { path: { ref: 'missing' } } }));
  await expect(refused).rejects.toThrow(SomnusApiError);
  await expect(refused).rejects.toMatchObject({ code: 'not_found', message: 'There is no environment missing', problem: { status: 404 } });
  await expect(exec(clientOf(keys.read), 'a', { command: 'true' })).rejects.toMatchObject({ code: 'forbidden' });
});

test('Waiting throws why the operation failed, ends at once without an operation, and can be aborted', async () => {
  const client = clientOf(keys.write);
  expect(await waitForOperation(client, null)).toBeNull();
  const running = { ...operation(), error: null };
  const ending = new AbortController();
  const waiting = waitForOperation(client, running, { signal: ending.signal });
  ending.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  const error = { type: '/docs#timeout', title: 'Timeout', status: 504, code: 'timeout', detail: 'The guest did not answer', hint: 'See its console.' };
  api.services.operationEnds.resolve(operation({ status: 'failed', endedAt: '2026-01-02T03:04:06.000Z', error }));
  await expect(waitForOperation(client, running)).rejects.toMatchObject({ code: 'timeout', message: 'The guest did not answer', hint: 'See its console.' });
});

test('What the package.json of the client says matches the project', async () => {
  const json = async (path: URL) => JSON.parse(await readFile(path, 'utf8')) as { version: string; dependencies: Record<string, string>; devDependencies: Record<string, string> };
  const [client, project] = [await json(new URL('package.json', folder)), await json(new URL('../../package.json', folder))];
  expect(client.version).toBe(project.version);
  expect(client.dependencies['openapi-fetch']).toBe(project.devDependencies['openapi-fetch']);
});
