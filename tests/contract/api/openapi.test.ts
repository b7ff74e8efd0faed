// The OpenAPI document matches the API: it is generated from the routes, the committed one is current, and answers conform to it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorCodes } from '../../../common/errors.ts';
import { openApiDocument } from '../../../orchestrator/api/openapi.ts';
import { routeTable } from '../../../orchestrator/api/route-table.ts';
import type { Route } from '../../../orchestrator/api/route.ts';
import { JOB, operation, QUARANTINED } from './fake-services.ts';
import { startApi, type Harness } from './harness.ts';

let api: Harness;
beforeAll(async () => { api = await startApi(); });
afterAll(async () => { await api.close(); });

const file = async (path: string): Promise<string> => await readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');

test('The committed openapi.json matches the routes (else run npm run openapi)', async () => {
  const { version } = JSON.parse(await file('package.json')) as { version: string };
  expect(JSON.parse(await file('orchestrator/api/openapi.json'))).toEqual(JSON.parse(JSON.stringify(openApiDocument(routeTable, version))));
});

test('The served document is the same, and all its references resolve', async () => {
  const response = await api.call('GET', '/v1/openapi.json', { key: null });
  expect(response.headers.get('content-type')).toBe('application/json');
  const text = await response.text();
  const document = JSON.parse(text) as { components: Record<string, Record<string, unknown>> };
  const references = [...text.matchAll(/"\$ref": ?"([^"]+)"/g)].map(([, target]) => target);
  expect(references.length).toBeGreaterThan(50);
  for (const target of references) {
    const [, place = '', name] = /^#\/components\/(schemas|responses)\/(\w+)$/.exec(target ?? '') ?? [];
    expect(document.components[place]).toHaveProperty(name ?? `no such place: ${target}`);
  }
});

test('The document says where the API is, groups its routes, has examples that the API accepts, and names its errors', () => {
  const document = openApiDocument(routeTable, '0');
  expect(document.servers[0]?.url).toBe('http://127.0.0.1:7777');
  for (const { name, description } of document.tags) expect(description, name).not.toBe('');
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { tags, responses, security }] of Object.entries(methods)) {
      expect(document.tags.map(({ name }) => name), path).toContain(tags[0]);
      expect(responses['500'], `${method} ${path}`).toEqual({ $ref: '#/components/responses/InternalError' });
      if (security.length > 0) expect(responses['401'], `${method} ${path}`).toEqual({ $ref: '#/components/responses/Unauthenticated' });
    }
  }
  const examples = routeTable.filter(({ example }) => example !== undefined);
  expect(examples.length).toBeGreaterThan(8);
  for (const { id, body, example } of examples) expect(body.safeParse(example), id).toMatchObject({ success: true });
  expect(Object.values(document.components.responses).map(({ description }) => description).join(' ')).toContain('`name_taken`');
});

test('The document has nothing that only zod needs', () => {
  const text = JSON.stringify(openApiDocument(routeTable, '0'));
  for (const internal of ['9007199254740991', '[02468][048]00', 'starts_with', '~standard', '$defs', '$schema']) expect(text, internal).not.toContain(internal);
});

test('Every route has a unique id, and its path parameters are in its schema', () => {
  expect(new Set(routeTable.map(({ id }) => id)).size).toBe(routeTable.length);
  const document = openApiDocument(routeTable, '0');
  for (const { path, method } of routeTable) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(document.paths[path]?.[method]?.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name), path).toEqual(inPath);
  }
});

describe('The answer has the documented status and shape', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'somnus-openapi-'));
  for (const name of ['removed', 'moved']) writeFileSync(join(scratch, name), '');
  afterAll(() => rmSync(scratch, { recursive: true }));
  const bodies: Record<string, unknown> = {
    createEnvironment: { name: 'c' }, updateEnvironment: { labels: { a: 'b' } }, stopEnvironment: { force: true }, createKey: { name: 'k' }, growPool: { toGiB: 20 },
    exec: { command: ['echo', 'hi'] }, runAction: { command: ['echo', 'hi'] }, publishPort: { port: 3000 }, setSecret: { value: 'sk-123456789', provider: 'openai' }, startJob: { command: ['echo', 'hi'] }, browse: { act: 'tabs' }, signalJob: { signal: 'INT' }, forkEnvironment: { name: 'f' }, applyProfile: { profile: 'coding' }, updateSnapshot: { name: 's2' },
    createPack: { yaml: 'name: p\nversion: "1"\ndescription: d\nsteps: [{ name: s, command: "true", check: "true" }]' }, installPacks: { packs: ['base-tools'] }, returnToPackEntry: { entry: 2 },
    setFixes: { mode: 'act' }, setSession: { rememberActions: true }, setAutoscaling: { smallest: 'idle', largest: 'research' },
    makeFolder: { path: scratch }, moveFile: { from: `${scratch}/moved`, to: `${scratch}/there` },
  };
  const paramsOf: Record<string, string> = { ref: 'a', snapshot: 's1', id: operation().id, name: 'coding', version: '1', item: QUARANTINED.id, user: 'bob', secret: 'claude', environment: 'a', incident: 'inc_1', job: JOB.id, port: '3000' };

  async function check(route: Route): Promise<void> {
    const query = route.id === 'removeFile' ? `?path=${scratch}/removed` : route.path.endsWith('/files') ? '?path=/size/10' : /\/files\/(info|list)$/.test(route.path) ? `?path=${scratch}` : '';
    const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => paramsOf[name] ?? '') + query;
    const body = route.upload === undefined ? {} : { body: 'content' };
    const response = await api.call(route.method.toUpperCase(), path, { ...(bodies[route.id] === undefined ? body : { json: bodies[route.id] }), headers: { accept: 'application/json' } });
    const answer = route.answers[response.status];
    expect(answer, `${response.status} ${JSON.stringify(Object.keys(route.answers))}`).toBeDefined();
    const type = response.headers.get('content-type')?.split(';')[0];
    const schema = type === undefined ? undefined : type === (answer?.contentType ?? 'application/json') ? answer?.schema : answer?.also?.[type];
    const text = await response.text();
    if (type === 'application/json' && schema !== undefined) schema.parse(JSON.parse(text));
    if (type === 'application/x-ndjson') for (const line of text.trim().split('\n')) schema?.parse(JSON.parse(line));
    if (answer?.schema !== undefined) expect(schema, `content type ${type}`).toBeDefined();
  }

  // Memory, research, artifacts and collaborations have tests of their own, on what they store.
  for (const route of routeTable.filter(({ id, path }) => !['execInteractively', 'attachJob', 'watchFiles'].includes(id) && !/^\/v1\/(?:memory|research|artifacts|collaborations)\b|\/(?:inbox|leases|messages|publish)\b/.test(path))) {
    test(`of ${route.method.toUpperCase()} ${route.path}`, async () => { await check(route); });
  }
});

describe('The page at /docs', () => {
  test('loads nothing from elsewhere, runs nothing, and links only to what exists', async () => {
    const response = await api.call('GET', '/docs', { key: null });
    const html = await response.text();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(html).toContain('<h2 id="quickstart">');
    expect(html).toContain('{ &quot;name&quot;: &quot;demo&quot;, &quot;profile&quot;: &quot;coding&quot;');
    expect(html).not.toMatch(/<script|<img|<link|https?:\/\/|\son\w+=/i);
    const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
    for (const { id } of routeTable) expect(ids).toContain(id);
    for (const code of Object.keys(errorCodes)) expect(ids).toContain(code);
  });

  test('escapes text that looks like markup', async () => {
    const { docsAnswer } = await import('../../../orchestrator/api/docs-page.ts');
    const document = openApiDocument(routeTable, '<img src=x onerror=alert(1)>');
    document.components.schemas['<b>'] = { description: '</pre><script>' };
    const html = docsAnswer(document).body as string;
    expect(html).not.toMatch(/<img|<script|<b>/);
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
  });
});
