// `somnus memory` at a terminal: secrets are typed without echo, and irreversible actions ask first.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ScriptedApi } from './scripted-api.ts';
import { Terminal } from './terminal.ts';

const SECRET = 'a secret typed at the prompt';

let api: ScriptedApi;
beforeEach(async () => { api = await ScriptedApi.start(); });
afterEach(async () => { await api[Symbol.asyncDispose](); });

const terminal = (...args: string[]): Terminal => new Terminal(api.somnus.commandLine('memory', ...args), api.somnus.environment());

test('A file that is not an export is refused before a passphrase is asked for, and an export is sent with its passphrase', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'somnus-import-'));
  try {
    const [chat, saved, passphrase] = ['chat.json', 'saved.somnus', 'passphrase'].map((name) => join(folder, name)) as [string, string, string];
    await writeFile(chat, '[{"title": "a chat"}]');
    await writeFile(saved, '{"somnusMemoryExport":1}');
    await writeFile(passphrase, 'a long passphrase');
    const { code, stderr } = await api.somnus.run(['memory', 'import', chat, '--passphrase-file', passphrase]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `error: ${chat} is not a Somnus export; give --format\nhint: For example --format openai for a chat log, or --token for a token; see \`somnus memory import --help\`.\n` });
    expect(api.requests).toEqual([]);
    api.on('POST /v1/memory/import', { json: { stored: 1, duplicates: 0, forgotten: 0, refused: [] } });
    expect((await api.somnus.run(['memory', 'import', saved, '--passphrase-file', passphrase])).stdout).toBe('1 stored, 0 already existed\n');
    expect(api.requests[0]?.body).toMatchObject({ passphrase: 'a long passphrase' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('A new secret is typed twice, is not shown, and the recovery key is the only result', async () => {
  api.on('POST /v1/memory/setup', { status: 201, json: { recoveryKey: 'aaaaa-bbbbb' } });
  await using screen = terminal('setup');
  let shown = await screen.shows(/New secret for your memory.*: /);
  screen.type(`${SECRET}\n`);
  shown += await screen.shows(/[\s\S]*Repeat it: /);
  screen.type(`${SECRET}\n`);
  shown += await screen.shows(/[\s\S]*aaaaa-bbbbb/);
  expect(await screen.exitCode()).toBe(0);
  expect(shown + screen.screen).not.toContain(SECRET);
  expect(api.asked('POST /v1/memory/setup')).toMatchObject([{ body: { secret: SECRET } }]);
});

test('Two different entries change nothing', async () => {
  await using screen = terminal('setup');
  await screen.shows(/New secret for your memory.*: /);
  screen.type(`${SECRET}\n`);
  await screen.shows(/Repeat it: /);
  screen.type('another secret altogether\n');
  await screen.shows(/error: The two entries differ/);
  expect(await screen.exitCode()).toBe(2);
  expect(api.requests).toEqual([]);
});

test('Everything is forgotten only after a yes', async () => {
  api.on('DELETE /v1/memory', { json: { spaces: 1 } });
  await using no = terminal('forget', '--user');
  await no.shows(/Type yes: /);
  no.type('y\n');
  await no.shows(/Nothing was changed/);
  expect(api.requests).toEqual([]);
  await using yes = terminal('forget', '--user');
  await yes.shows(/Type yes: /);
  yes.type('yes\n');
  await yes.shows(/Destroyed/);
  expect(api.asked('DELETE /v1/memory')).toHaveLength(1);
});

test('Vectors are read from JSON files: with a memory, with an attached file, and for a recall with or without a question', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'somnus-vector-'));
  try {
    const [vector, image, other] = [join(folder, 'vector.json'), join(folder, 'plan.png'), join(folder, 'notes.txt')];
    const given = { model: 'clip', values: [0.25, -1] };
    await writeFile(vector, JSON.stringify(given));
    await writeFile(image, '"not really an image"');
    await writeFile(other, 'clip: 0.25, -1');
    const stored = { id: 'mem_1', outcome: 'stored', facts: [], redactedSecrets: 0 };
    api.on('POST /v1/memory/remember', { status: 201, json: stored });
    api.on('POST /v1/memory/files', { status: 201, json: { id: 'mem_1' } });
    api.on('PUT /v1/memory/files/mem_1', { status: 201, json: { ...stored, mediaType: 'image/png', bytes: 21, letters: 0, warnings: [] } });
    const memory = { id: 'mem_1', layer: 'raw', type: 'document', text: 'A plan.', importance: 'medium', occurredAt: '2026-01-01T00:00:00.000Z', createdAt: '2026-01-01T00:00:00.000Z' };
    api.on('POST /v1/memory/recall', { json: { hits: [{ memory, space: 'main', score: 0.99, explain: { ranks: {}, boost: 1, vector: { rank: 1, cosine: 0.987 } } }], nothingRelevant: false, mode: 'vector' } });
    expect(await api.somnus.run(['memory', 'remember', 'A plan.', '--vector', vector])).toMatchObject({ code: 0 });
    expect(await api.somnus.run(['memory', 'remember', '--attach', image, '--vector', vector])).toMatchObject({ code: 0 });
    expect((await api.somnus.run(['memory', 'recall', '--vector', vector, '--explain'])).stdout).toMatch(/^mem_1 .* A plan\.\n +vector #1 \(cosine 0\.99\), boost 1\.00\n$/);
    expect(await api.somnus.run(['memory', 'recall', 'a', 'plan', '--vector', vector])).toMatchObject({ code: 0 });
    expect(api.asked('POST /v1/memory/remember')[0]?.body).toMatchObject({ text: 'A plan.', vector: given });
    expect(api.asked('POST /v1/memory/files')[0]?.body).toMatchObject({ name: 'plan.png', vector: given });
    const [alone, both] = api.asked('POST /v1/memory/recall').map(({ body }) => body);
    expect(alone).toMatchObject({ vector: given });
    expect(alone).not.toHaveProperty('query');
    expect(both).toMatchObject({ query: 'a plan', vector: given });
    const asked = api.requests.length;
    expect(await api.somnus.run(['memory', 'recall', '--vector', other])).toMatchObject({ code: 2, stderr: expect.stringContaining(`${other} is not JSON`) as string });
    expect(await api.somnus.run(['memory', 'recall'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Pass a question, or a vector with --vector') as string });
    expect(api.requests).toHaveLength(asked);
  } finally {
    await rm(folder, { recursive: true });
  }
});
