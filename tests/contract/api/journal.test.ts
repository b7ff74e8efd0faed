// GET …/logs?source=journal: what the guest's journalctl prints.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keys } from './fake-services.ts';
import { startApi, type Harness } from './harness.ts';

let api: Harness;
beforeAll(async () => { api = await startApi(); });
afterAll(async () => { await api.close(); });

const path = '/v1/environments/a/logs?source=journal';

test('The journal is read in the guest, also with a key that may only read', async () => {
  const started = api.services.channel.started();
  const answer = api.call('GET', `${path}&lines=5&since=2026-01-02T03:04:05Z`, { key: keys.read });
  const { request } = await started;
  expect(request.command).toEqual(['journalctl', '--quiet', '--no-pager', '--no-hostname', '--utc', '--output=short-iso', '--lines=5', '--since=@1767323045']);
  const response = await answer;
  expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([200, 'text/plain; charset=utf-8', '2026-01-02T03:04:05+00:00 kernel: hello\n']);
});

test('Following ends the program in the guest when the client disconnects', async () => {
  const started = api.services.channel.started();
  const gone = new AbortController();
  const response = await api.call('GET', `${path}&follow=true`, { signal: gone.signal });
  const process = await started;
  expect(process.request.command).toContain('--follow');
  const reader = response.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toContain('hello');
  gone.abort();
  await process.whenKilled;
});

test('Options that make no sense are refused', async () => {
  for (const query of ['&since=yesterday', '&lines=-1', '&lines=x']) expect((await api.call('GET', path + query)).status, query).toBe(400);
});
