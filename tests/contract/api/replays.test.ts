// Idempotency-Key on routes that answer immediately: the work is done once, a secret that is shown once is returned again only to its caller, and the database never contains it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CreatedApiKey } from '../../../orchestrator/keys/api-key.ts';
import { keys, QUARANTINED } from './fake-services.ts';
import { problemOf, startApi, type Harness } from './harness.ts';

let api: Harness;
beforeAll(async () => { api = await startApi(); });
afterAll(async () => { await api.close(); });

const post = async (path: string, json: unknown, idempotencyKey: string, key: string = keys.admin): Promise<Response> => await api.call('POST', path, { json, key, headers: { 'idempotency-key': idempotencyKey } });
const countOf = (what: string): number => api.services.calls.filter((call) => call.what === what).length;

describe('POST /v1/keys with an Idempotency-Key', () => {
  test('creates one key, and repeats the answer, secret included', async () => {
    const before = countOf('create key');
    const first = await post('/v1/keys', { name: 'agent' }, 'once');
    const made = await first.json() as CreatedApiKey;
    const again = await post('/v1/keys', { name: 'agent' }, 'once');
    expect([again.status, again.headers.get('location'), await again.json()]).toEqual([201, first.headers.get('location'), made]);
    expect(made.secret).toMatch(/^somnus_secret_\d+$/);
    expect(countOf('create key')).toBe(before + 1);
  });

  test('stores neither the secret nor the caller\'s key where a reader of the database could find them', async () => {
    const made = await (await post('/v1/keys', { name: 'hidden' }, 'sealed')).json() as CreatedApiKey;
    const files = ['somnus.db', 'somnus.db-wal'].map((file) => readFileSync(join(api.services.memoryDir, file)).toString('latin1')).join('');
    expect(files).toContain('sealed');
    for (const text of [made.secret, Buffer.from(made.secret).toString('base64').slice(0, 16), keys.admin]) expect(files).not.toContain(text);
  });

  test('refuses the same Idempotency-Key for another request, and from another API key of the user', async () => {
    await (await post('/v1/keys', { name: 'mine' }, 'taken')).json();
    expect(await problemOf(await post('/v1/keys', { name: 'other' }, 'taken'))).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
    expect(await problemOf(await post('/v1/keys', { name: 'mine' }, 'taken', keys.write))).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
  });

  test('from another user is a different Idempotency-Key', async () => {
    const mine = await (await post('/v1/keys', { name: 'agent' }, 'shared')).json() as CreatedApiKey;
    const theirs = await (await post('/v1/keys', { name: 'agent' }, 'shared', keys.other)).json() as CreatedApiKey;
    expect(theirs.secret).not.toBe(mine.secret);
  });

  test('without one creates a key each time', async () => {
    const before = countOf('create key');
    for (let i = 0; i < 2; i += 1) await (await api.call('POST', '/v1/keys', { json: { name: 'agent' } })).json();
    expect(countOf('create key')).toBe(before + 2);
  });
});

test('With an Idempotency-Key the pool is grown, and a quarantined item adopted, only once', async () => {
  for (let i = 0; i < 2; i += 1) {
    expect((await post('/v1/host/pool/grow', { toGiB: 30 }, 'grow')).status).toBe(200);
    expect((await post(`/v1/quarantine/${QUARANTINED.id}/adopt`, { name: 'back' }, 'adopt')).status).toBe(200);
  }
  expect([countOf('grow'), countOf('adopt')]).toEqual([1, 1]);
});

test('A request that failed is tried again with the same Idempotency-Key', async () => {
  const path = '/v1/quarantine/quar_00000000000000000000000009/adopt';
  expect((await post(path, {}, 'missing')).status).toBe(404);
  expect((await post(path, {}, 'missing')).status).toBe(404);
});
