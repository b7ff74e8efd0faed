// The history of incidents over REST: pages, and who may read it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PastIncidentPage } from '../../../orchestrator/api/answers.ts';
import { ENV_A, ENV_B, keys } from './fake-services.ts';
import { problemOf, startApi, type Harness } from './harness.ts';

let api: Harness;
beforeAll(async () => { api = await startApi(); });
afterAll(async () => { await api.close(); });

test('The history of incidents is read in pages', async () => {
  const first = PastIncidentPage.parse(await (await api.call('GET', '/v1/environments/a/agent/incidents/history?limit=2', { key: keys.read })).json());
  expect(first).toMatchObject({ items: [{ id: 'inc_3' }, { id: 'inc_2' }], nextCursor: '2' });
  const second = PastIncidentPage.parse(await (await api.call('GET', `/v1/environments/a/agent/incidents/history?limit=2&cursor=${first.nextCursor}`, { key: keys.read })).json());
  expect(second).toMatchObject({ items: [{ id: 'inc_1' }], nextCursor: null });
});

test('A key limited to one environment reads its history and no other, and a page has a maximum size', async () => {
  expect((await api.call('GET', `/v1/environments/${ENV_A}/agent/incidents/history`, { key: keys.limited })).status).toBe(200);
  expect((await api.call('GET', `/v1/environments/${ENV_B}/agent/incidents/history`, { key: keys.limited })).status).toBe(404);
  expect((await problemOf(await api.call('GET', '/v1/environments/a/agent/incidents/history?limit=501'))).code).toBe('invalid_request');
});
