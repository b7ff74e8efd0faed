// The configuration's deadlineScale holds for what the CLI waits for, too.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { stretchDeadlines } from '../../../common/deadline.ts';
import { processSettings } from '../../../common/process-settings.ts';
import { deadlineScale } from '../../../orchestrator/cli/api/api-address.ts';
import { ApiClient } from '../../../orchestrator/cli/api/api-client.ts';

afterEach(() => stretchDeadlines(1));

test('The scale comes from the configuration file, and is 1 without one or for the API of another host', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'deadline-scale-'));
  try {
    const configFile = join(folder, 'somnus.yaml');
    await writeFile(configFile, 'deadlineScale: 10\n');
    expect(await deadlineScale({ ...processSettings({}), configFile })).toBe(10);
    expect(await deadlineScale({ ...processSettings({}), configFile, apiUrl: 'http://10.0.0.1:7777' })).toBe(1);
    expect(await deadlineScale({ ...processSettings({}), configFile: join(folder, 'none') })).toBe(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('A call waits as long as the scale says for its answer, and says how long it waited', async () => {
  const answers: (() => void)[] = [];
  const server = createServer((_request, response) => answers.push(() => response.end('{}'))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const client = new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { key: undefined, advice: '' });
    await expect(client.call('get', '/v1/host', { timeoutMs: 50 })).rejects.toThrow('did not answer within 0.05 s');
    stretchDeadlines(1000);
    const answer = client.call('get', '/v1/host', { timeoutMs: 50 });
    await expect.poll(() => answers.length).toBe(2);
    await delay(200);
    answers[1]?.();
    expect(await answer).toEqual({});
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
