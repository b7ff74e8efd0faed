// /v1/artifacts: versions as ETags, replays of a create, large bodies, and keys limited to one environment.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Artifact, ArtifactDiff } from '../../../orchestrator/artifacts/artifact.ts';
import { ArtifactHitPage, ArtifactPage, ArtifactVersionPage } from '../../../orchestrator/api/answers.ts';
import { keys } from './fake-services.ts';
import { problemOf, startApi, type Harness } from './harness.ts';

let api: Harness;
beforeAll(async () => { api = await startApi(); });
afterAll(async () => { await api.close(); });

const files = (content: string): object[] => [{ path: 'main.sh', content }];
const create = async (title: string, headers: Record<string, string> = {}, content = 'echo hi\n'): Promise<Response> => await api.call('POST', '/v1/artifacts', { key: keys.limited, headers, json: { environment: 'a', title, type: 'shell', files: files(content) } });

test('The ETag is the newest version; If-Match with an older one is refused with 412, which names the newest', async () => {
  const created = await create('one');
  expect([created.status, created.headers.get('etag')]).toEqual([201, '"1"']);
  const { id } = Artifact.parse(await created.json());
  const write = async (content: string): Promise<Response> => await api.call('POST', `/v1/artifacts/${id}/versions`, { key: keys.limited, headers: { 'if-match': '"1"' }, json: { files: files(content) } });
  expect((await write('echo 2\n')).headers.get('etag')).toBe('"2"');
  expect(await problemOf(await write('echo 3\n'))).toMatchObject({ status: 412, code: 'precondition_failed', version: 2 });
  expect(ArtifactVersionPage.parse(await (await api.call('GET', `/v1/artifacts/${id}/versions`)).json()).items).toHaveLength(2);
  expect(ArtifactDiff.parse(await (await api.call('GET', `/v1/artifacts/${id}/versions/1/diff`)).json()).files).toHaveLength(1);
  expect(await (await api.call('GET', `/v1/artifacts/${id}/versions/1/content?path=main.sh`)).text()).toBe('echo hi\n');
  expect((await api.call('GET', `/v1/artifacts/${id}/versions/1/content?path=../main.sh`)).status).toBe(400);
});

test('A repeated create with the same Idempotency-Key returns the same artifact', async () => {
  const [first, second] = [await create('twice', { 'idempotency-key': 'k' }), await create('twice', { 'idempotency-key': 'k' })];
  expect(await first.json()).toEqual(await second.json());
  expect((await create('twice')).status).toBe(409);
});

test('Files of some megabytes fit into a request; more is refused', async () => {
  expect((await create('large', {}, 'x'.repeat(4 << 20))).status).toBe(201);
  expect((await problemOf(await create('larger', {}, 'x'.repeat(8 << 20).concat('x')))).code).toBe('too_large');
  expect((await problemOf(await create('largest', {}, 'x'.repeat(13 << 20)))).code).toBe('too_large');
});

test('A key limited to one environment cannot share or purge, and finds only what is of its environment', async () => {
  await create('mine', {}, 'echo unusual-word\n');
  expect((await api.call('PUT', '/v1/artifacts/mine/shares/b', { key: keys.limited })).status).toBe(403);
  expect((await api.call('DELETE', '/v1/artifacts/mine?purge=true', { key: keys.limited })).status).toBe(403);
  expect(Artifact.parse(await (await api.call('PUT', '/v1/artifacts/mine/shares/b')).json()).sharedWith).toHaveLength(1);
  expect(ArtifactPage.parse(await (await api.call('GET', '/v1/artifacts?environment=b')).json()).items.map(({ title }) => title)).toEqual(['mine']);
  expect((await api.call('GET', '/v1/artifacts?environment=b', { key: keys.limited })).status).toBe(404);
  expect(ArtifactHitPage.parse(await (await api.call('GET', '/v1/artifacts/search?text=unusual', { key: keys.limited })).json()).items).toMatchObject([{ title: 'mine', version: 1 }]);
  expect(Artifact.parse(await (await api.call('DELETE', '/v1/artifacts/mine', { key: keys.limited })).json()).purgeAt).not.toBeNull();
  expect((await api.call('DELETE', '/v1/artifacts/mine?purge=true')).status).toBe(204);
});
