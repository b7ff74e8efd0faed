// …/actions: only the decision, the decision with the result, and the decision before a stream of output.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ActionAnswer, ActionFrame } from '../../../orchestrator/api/action-protocol.ts';
import { ActionPage } from '../../../orchestrator/api/answers.ts';
import { ENV_B, keys } from './fake-services.ts';
import { problemOf, startApi, type Harness } from './harness.ts';

let api: Harness;
beforeAll(async () => { api = await startApi(); });
afterAll(async () => { await api.close(); });

const post = async (json: object, key: string = keys.write, ref = 'a'): Promise<Response> => await api.call('POST', `/v1/environments/${ref}/actions`, { key, json });

test('`explain` returns the decision and runs nothing', async () => {
  const answer = ActionAnswer.parse(await (await post({ command: 'python train.py', explain: true })).json());
  expect(answer).toMatchObject({ action: null, result: null, decision: { context: 'container', class: 'analysis' } });
});

test('Without a stream, the answer has the decision, the record and the output', async () => {
  const answer = ActionAnswer.parse(await (await post({ command: ['both'], stream: false })).json());
  expect(answer).toMatchObject({ decision: { context: 'vm' }, action: { status: 'ended', exitCode: 3 }, result: { stdout: 'out', stderr: 'err', exitCode: 3 } });
});

test('A stream begins with the decision and ends with the exit', async () => {
  const response = await post({ command: ['both'] });
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  const frames = (await response.text()).trim().split('\n').map((line) => ActionFrame.parse(JSON.parse(line)));
  expect(frames[0]).toMatchObject({ type: 'decision', decision: { context: 'vm' } });
  expect(frames[1]).toEqual({ type: 'started' });
  expect(frames.at(-1)).toMatchObject({ type: 'exit', exit: { code: 3 } });
});

test('A read-only key can list actions but not run them; a limited key sees only its environment', async () => {
  expect((await problemOf(await post({ command: ['both'] }, keys.read))).status).toBe(403);
  expect(ActionPage.parse(await (await api.call('GET', '/v1/environments/a/actions', { key: keys.read })).json()).items).toHaveLength(1);
  expect((await problemOf(await post({ command: ['both'], explain: true }, keys.limited, ENV_B))).status).toBe(404);
});

test('Errors about invalid hints and contexts name the field', async () => {
  expect(await problemOf(await post({ command: 'ls', context: 'moon' }))).toMatchObject({ status: 400, code: 'invalid_request' });
  expect(await problemOf(await post({ command: 'ls', hints: { heavi: true } }))).toMatchObject({ status: 400 });
});
