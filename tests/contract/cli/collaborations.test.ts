// `somnus collab` against the real API, with a member that is real inside: an sshd on this host.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Collaboration, Inbox, Lease } from '../../../orchestrator/client/schema.d.ts';
import { keys } from '../api/fake-services.ts';
import { ScriptedApi } from './scripted-api.ts';
import type { Somnus } from './somnus-process.ts';
import { SshdEnvironment } from './sshd-environment.ts';

let demo: SshdEnvironment;
let somnus: Somnus;
let folder: string;
beforeAll(async () => {
  demo = await SshdEnvironment.start();
  ({ somnus } = demo);
  folder = await mkdtemp(join(tmpdir(), 'somnus-collab-'));
});
afterAll(async () => {
  await demo[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** A request with the key that is limited to the environment. */
async function agent<T>(method: string, path: string, json?: unknown): Promise<T> {
  const response = await fetch(`${demo.url}/v1/environments/demo/${path}`, { method, headers: { authorization: `Bearer ${keys.limited}`, 'content-type': 'application/json' }, ...(json === undefined ? {} : { body: JSON.stringify(json) }) });
  const body = await response.json() as T;
  expect(response.ok, JSON.stringify(body)).toBe(true);
  return body;
}

test('A plan of commands runs in the member, and a command reduces the answers', async () => {
  const plan = join(folder, 'plan.yaml');
  const sum = 'let text = ""; process.stdin.on("data", (part) => { text += part; }).on("end", () => console.log(JSON.parse(text).answers.reduce((sum, { answer }) => sum + Number(answer), 0)));';
  await writeFile(plan, JSON.stringify({
    tasks: [{ name: 'first', command: "printf 'one two three' | wc -w" }, { name: 'second', command: ['sh', '-c', 'test "$SOMNUS_COLLABORATION $SOMNUS_TASK $SOMNUS_MEMBER" = "words second demo" && echo 4'] }],
    perMember: 2, synthesis: { how: 'reduce', command: ['node', '-e', sum] },
  }));
  const { code, stdout, stderr } = await somnus.run(['collab', 'start', '--task', 'Count words', '--with', 'demo', '--plan', plan, '--name', 'words', '-f']);
  expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: '7\n' });
  expect((await somnus.run(['collab', 'show', 'words'])).stdout).toMatch(/words: succeeded\nTask: +Count words\nMembers: +demo\nSub-tasks: +3 of 3 done/);
  expect((await somnus.run(['collab', 'tasks', 'words'])).stdout).toMatch(/first +done +demo +1 +2 B/);
  expect((await somnus.run(['collab', 'tasks', 'words', '--answers'])).stdout).toContain('second (done, demo)\n4');
  expect((await somnus.run(['collab', 'result', 'words'])).stdout).toBe('7\n');
  expect((await somnus.run(['collab', 'rm', 'words', '-q'])).stdout).toBe('words\n');
  expect(await somnus.run(['collab', 'show', 'words'])).toMatchObject({ code: 3 });
});

test('An agent uses its inbox with a key that is limited to its environment', async () => {
  const started = await somnus.json<Collaboration>('collab', 'start', '--task', 'What is best?', '--with', 'demo:judge', '--name', 'question', '--deadline', '10m');
  expect(started).toMatchObject({ name: 'question', status: 'running', members: [{ name: 'demo', role: 'judge' }] });
  expect(await somnus.run(['collab', 'send', 'question', 'Take your time.', '--to', 'demo'])).toMatchObject({ code: 0, stdout: 'Sent to demo.\n' });
  const inbox = await agent<Inbox>('GET', 'inbox?wait=5');
  expect(inbox).toMatchObject({ tasks: [{ ask: 'What is best?', role: 'judge' }], messages: [{ from: null, text: 'Take your time.' }] });
  const lease = await agent<Lease>('POST', `inbox/${inbox.tasks[0]?.id}/claim`);
  await agent('POST', 'collaborations/question/messages', { text: 'On it.' });
  await agent('POST', `leases/${lease.id}/renew`);
  expect(await somnus.run(['collab', 'result', 'question'])).toMatchObject({ code: 5, stderr: expect.stringContaining('still running') });
  const waiting = somnus.run(['collab', 'result', 'question', '--wait']);
  await agent('POST', `leases/${lease.id}/answer`, { answer: 'this one' });
  expect((await waiting).stdout).toBe('this one\n');
  expect((await somnus.run(['collab', 'messages', 'question'])).stdout).toMatch(/owner +demo +Take your time\.\n.*demo +all +On it\./);
  expect(await agent('GET', 'collaborations')).toMatchObject({ items: [{ name: 'question', status: 'succeeded' }] });
  const refused = await fetch(`${demo.url}/v1/collaborations`, { headers: { authorization: `Bearer ${keys.limited}` } });
  expect(refused.status).toBe(403);
});

test('Wrong input is refused with a next step; cancel and completion work', async () => {
  expect(await somnus.run(['collab', 'start', '--with', 'demo'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--task') });
  expect(await somnus.run(['collab', 'start', '--task', 'x'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--with a,b,c') });
  expect(await somnus.run(['collab', 'start', '--task', 'x', '--with', 'nothing'])).toMatchObject({ code: 3 });
  expect(await somnus.run(['collab', 'start', '--task', 'x', '--with', 'demo', '--plan', join(folder, 'missing')])).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be read') });
  await writeFile(join(folder, 'wrong.json'), '{"tasks": [{"name": "x"}]}');
  expect(await somnus.run(['collab', 'start', '--task', 'x', '--with', 'demo', '--plan', join(folder, 'wrong.json')])).toMatchObject({ code: 2, stderr: expect.stringContaining('`command` or `ask`') });
  expect((await somnus.run(['collab', 'start', '--task', 'x', '--with', 'demo', '--name', 'idle', '-q'])).stdout).toBe('idle\n');
  expect((await somnus.run(['collab', 'rm', 'idle']))).toMatchObject({ code: 5, stderr: expect.stringContaining('collab cancel idle') });
  expect((await somnus.run(['collab', 'ls', '--status', 'running', '-q'])).stdout).toBe('idle\n');
  expect((await somnus.run(['collab', 'cancel', 'idle'])).stdout).toBe('idle is cancelled.\n');
  expect((await somnus.run(['__complete', 'collab', 'show', 'i'])).stdout).toContain('idle');
});

test('`collab publish`, `files` and `cat` share files, and say where a file in conflict is', async () => {
  await using api = await ScriptedApi.start();
  const file = { path: 'draft.md', version: 2, sha256: '0'.repeat(64), bytes: 5, member: 'a', at: '2026-01-02T03:04:05.000Z' };
  api.on('POST /v1/environments/a/collaborations/words/publish', { json: file });
  api.on('POST /v1/environments/b/collaborations/words/publish', { json: { ...file, path: 'draft.md.conflict-b' } });
  api.on('GET /v1/collaborations/words/files', { json: { items: [file], nextCursor: null } });
  expect((await api.somnus.run(['collab', 'publish', 'words', 'a', 'draft.md'])).stdout).toBe('Published draft.md, version 2.\n');
  expect((await api.somnus.run(['collab', 'publish', 'words', 'b', 'draft.md'])).stdout).toContain('yours is draft.md.conflict-b');
  expect((await api.somnus.run(['collab', 'files', 'words'])).stdout).toMatch(/draft\.md +2 +5 B +a /);
  expect((await api.somnus.run(['collab', 'files', 'words', '-q'])).stdout).toBe('draft.md\n');
  expect(await somnus.run(['collab', 'cat', 'words', 'draft.md'])).toMatchObject({ code: 3 });
});
