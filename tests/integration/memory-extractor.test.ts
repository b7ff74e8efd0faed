import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MemoryService } from '../../orchestrator/memory/memory-service.ts';
import { memoryFolder, SECRET, USER, type MemoryFolder } from '../bench/memory-folder.ts';

/** An endpoint that returns the answers set by the test. */
let answer: unknown;
let status: number;
let asked: { messages: { role: string; content: string }[]; model: string }[];
const server = createServer((request: IncomingMessage, response) => {
  void json(request).then((body) => {
    asked.push(body as typeof asked[number]);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ choices: [{ message: { content: typeof answer === 'string' ? answer : JSON.stringify(answer) } }] }));
  });
});
let folder: MemoryFolder;
let service: MemoryService;

beforeEach(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  [answer, status, asked] = [{ facts: [] }, 200, []];
  folder = await memoryFolder({ config: { classification: { extractor: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`, model: 'small' } } } });
  ({ service } = folder);
  await service.setUp(USER, SECRET);
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
  server.close();
  server.closeAllConnections();
});

async function facts(text: string, speaker = 'Ann'): Promise<string[]> {
  await service.remember(USER, { type: 'conversation', speaker, text });
  await service.settled(USER);
  return service.list(USER, { layer: 'fact' }).items.map((memory) => memory.text).toSorted();
}

test('A model adds facts that the rules do not find, each once, with the turn as its source', async () => {
  answer = { facts: [{ predicate: 'lives in', object: 'Tartu' }, { predicate: 'Sister', object: 'Maria' }, { predicate: 'lives in', object: 'Tartu' }] };
  expect(await facts('Tartu has been home since spring, and Maria, the sister I told you about, came along.')).toEqual(['Ann lives in Tartu', "Ann's sister is Maria"]);
  expect(asked[0]).toMatchObject({ model: 'small', messages: [{ role: 'system' }, { role: 'user' }] });
  const [fact] = service.list(USER, { layer: 'fact' }).items;
  expect(service.history(USER, fact!.id).sources).toMatchObject([{ type: 'conversation' }]);
});

test('What the speaker did not say is not stored, whatever the model answers', async () => {
  answer = { facts: [{ predicate: 'lives in', object: 'Paris' }, { predicate: 'obeys', object: 'home' }, { predicate: 'is allergic to', object: 'ome sin' }] };
  expect(await facts('Tartu has been home since spring.')).toEqual([]);
  expect(await facts('> I live in Oslo.\nThat is what she wrote.')).toEqual([]);
  expect(asked.at(-1)?.messages.at(-1)?.content).not.toContain('Oslo');
  const before = asked.length;
  expect(await facts('I live in Bergen.', 'assistant')).toEqual([]);
  expect(asked).toHaveLength(before); // turns of programs are not sent to the model
});

test('If the model fails or sends an invalid answer, the facts of the rules remain', async () => {
  status = 500;
  expect(await facts('I live in Bergen.')).toEqual(['Ann lives in Bergen']);
  [status, answer] = [200, 'no JSON at all'];
  expect(await facts('I am allergic to walnuts.')).toEqual(['Ann is allergic to walnuts', 'Ann lives in Bergen']);
});
