// Bad input and wrong callers: each gets the right status and code, and nothing changes.
import { beforeAll, expect, test } from 'vitest';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { CreatedApiKey } from '../../orchestrator/keys/api-key.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { TestControlPlane, type ApiResult } from '../support/control-plane.ts';
import { inventory } from '../support/host-inventory.ts';

let somnus: TestControlPlane;
const NAME = 'strict';
let stranger: CreatedApiKey;

beforeAll(async () => {
  somnus = await TestControlPlane.withImage();
  await somnus.ok('create', NAME, '--profile', 'idle');
  stranger = (await somnus.api('POST', '/v1/keys', { body: { name: 'stranger', user: 'stranger' } })).body as CreatedApiKey;
});

const problem = (result: ApiResult): { status: number; code: string } => ({ status: result.status, code: (result.body as { code: string }).code });

/** Without samples of the disks, which change by themselves. */
const listed = async (): Promise<Environment[]> => (await somnus.json<Page<Environment>>('ls')).items.map((environment) => ({ ...environment, diskUsedBytes: null }));

async function unchanged(act: () => Promise<void>): Promise<void> {
  const before = [await inventory(somnus), await listed()];
  await act();
  expect([await inventory(somnus), await listed()]).toEqual(before);
}

test.each(['../x', 'a b', '', 'x'.repeat(300), 'naïve', '名', '-rf', 'UPPER', 'a_b', '.', 'a.b', 'a\u0000b'])('The name %j is refused, and nothing is created', async (name) => {
  await unchanged(async () => {
    expect(problem(await somnus.api('POST', '/v1/environments', { body: { name } }))).toEqual({ status: 400, code: 'invalid_request' });
  });
});

test('The command also refuses an invalid name, and takes -rf after -- as a name, not an option', async () => {
  await unchanged(async () => {
    expect((await somnus.cli(['create', '--', '-rf'])).code).toBe(2);
    expect((await somnus.cli(['create', '../x'])).code).toBe(2);
  });
});

test('An unknown profile, policy or field is refused, and the error lists the known ones', async () => {
  await unchanged(async () => {
    const profile = await somnus.api('POST', '/v1/environments', { body: { name: 'other', profile: 'enormous' } });
    expect(problem(profile)).toEqual({ status: 400, code: 'invalid_request' });
    expect((profile.body as { hint: string }).hint).toContain('coding');
    expect(problem(await somnus.api('POST', '/v1/environments', { body: { name: 'other', network: 'half' } }))).toEqual({ status: 400, code: 'invalid_request' });
    expect(problem(await somnus.api('POST', '/v1/environments', { body: { name: 'other', sise: 3 } }))).toEqual({ status: 400, code: 'invalid_request' });
  });
});

test('A profile that needs a GPU is refused where none is configured', async () => {
  await unchanged(async () => {
    expect((await somnus.api('POST', '/v1/environments', { body: { name: 'film', profile: 'media_creation' } })).body).toMatchObject({ code: 'unsupported' });
  });
});

test('A taken name is a conflict', async () => {
  await unchanged(async () => {
    expect(problem(await somnus.api('POST', '/v1/environments', { body: { name: NAME, profile: 'idle' } }))).toEqual({ status: 409, code: 'name_taken' });
    expect((await somnus.cli(['create', NAME, '--profile', 'idle'])).code).toBe(5);
  });
});

test('The second of two concurrent operations is refused, naming the first', async () => {
  const [first, second] = await Promise.all([somnus.api('POST', `/v1/environments/${NAME}/restart`), somnus.api('POST', `/v1/environments/${NAME}/stop`)]);
  const [accepted, refused] = first.status === 202 ? [first, second] : [second, first];
  const { operation } = accepted.body as { operation: Operation };
  expect(problem(refused)).toEqual({ status: 409, code: 'operation_in_progress' });
  expect(refused.body).toMatchObject({ operationId: operation.id });
  await somnus.ok('op', 'wait', operation.id);
  await somnus.cli(['start', NAME]);
});

test('A body that is too large, is not JSON, or is of another type is refused', async () => {
  await unchanged(async () => {
    const large = JSON.stringify({ name: 'other', labels: { a: 'x'.repeat(2_000_000) } });
    expect(problem(await somnus.api('POST', '/v1/environments', { raw: large }))).toEqual({ status: 413, code: 'too_large' });
    expect(problem(await somnus.api('POST', '/v1/environments', { raw: '{"name":' }))).toEqual({ status: 400, code: 'invalid_json' });
    expect((await somnus.api('POST', '/v1/environments', { raw: 'name=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status).toBe(415);
  });
});

test('No key, a wrong key and an expired key are refused with 401', async () => {
  const short = (await somnus.api('POST', '/v1/keys', { body: { name: 'short', expiresInDays: 1e-9 } })).body as CreatedApiKey;
  for (const [key, code] of [[null, 'unauthenticated'], ['somnus_wrong', 'unauthenticated'], [`${somnus.key}x`, 'unauthenticated'], [short.secret, 'key_expired']] as const) {
    expect(problem(await somnus.api('GET', '/v1/environments', { key }))).toEqual({ status: 401, code });
  }
  expect((await somnus.cli(['ls'], { env: { SOMNUS_KEY: 'somnus_wrong' } })).code).toBe(4);
});

test('For another user, someone\'s environment, operation and key do not exist', async () => {
  const { id, operationId } = { ...await somnus.json<Environment>('show', NAME), operationId: (await somnus.json<Operation[] | { items: Operation[] }>('op', 'ls')) };
  const operations = Array.isArray(operationId) ? operationId : operationId.items;
  const as = { key: stranger.secret };
  for (const ref of [NAME, id]) {
    expect(problem(await somnus.api('GET', `/v1/environments/${ref}`, as))).toEqual({ status: 404, code: 'not_found' });
    expect(problem(await somnus.api('DELETE', `/v1/environments/${ref}`, as))).toEqual({ status: 404, code: 'not_found' });
    expect(problem(await somnus.api('POST', `/v1/environments/${ref}/exec`, { ...as, body: { command: ['true'] } }))).toEqual({ status: 404, code: 'not_found' });
  }
  expect(problem(await somnus.api('GET', `/v1/operations/${operations[0]?.id}`, as))).toEqual({ status: 404, code: 'not_found' });
  expect((await somnus.api('GET', '/v1/environments', as)).body).toEqual({ items: [], nextCursor: null });
  expect((await somnus.cli(['show', NAME], { env: { SOMNUS_KEY: stranger.secret } })).code).toBe(3);
});

test('A key of one environment has access to that one only', async () => {
  const bound = (await somnus.api('POST', '/v1/keys', { body: { name: 'bound', environment: NAME } })).body as CreatedApiKey;
  const as = { key: bound.secret };
  expect((await somnus.api('GET', `/v1/environments/${NAME}`, as)).status).toBe(200);
  expect((await somnus.api('POST', '/v1/environments', { ...as, body: { name: 'another', profile: 'idle' } })).status).toBe(403);
  expect((await somnus.api('GET', '/v1/host', as)).status).toBe(403);
});

test('A request that exceeds the capacity is refused with the numbers, before anything is created', async () => {
  await unchanged(async () => {
    const made: string[] = [];
    for (let i = 0; i < 12; i += 1) {
      const result = await somnus.api('POST', '/v1/environments', { body: { name: `large-${i}`, profile: 'research' } });
      if (result.status !== 202) {
        expect(result.body).toMatchObject({ code: expect.stringMatching(/^insufficient_(memory|space)$/) as string });
        expect((result.body as { detail: string }).detail).toMatch(/\d+(\.\d)? (MiB|GiB)/);
        break;
      }
      made.push((result.body as { operation: Operation }).operation.id);
    }
    expect(made.length).toBeLessThan(12);
    for (const id of made) await somnus.ok('op', 'cancel', id);
    for (const id of made) await somnus.cli(['op', 'wait', id]);
  });
});
