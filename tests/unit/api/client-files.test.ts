// The generated files of the client follow from the committed openapi.json, which a contract test compares with the routes.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { OpenApiDocument } from '../../../orchestrator/api/openapi.ts';
import { clientFiles } from '../../../orchestrator/api/openapi-typescript.ts';

const read = async (path: string): Promise<string> => await readFile(new URL(`../../../orchestrator/${path}`, import.meta.url), 'utf8');

test('The generated files of the client match openapi.json (else run npm run openapi)', async () => {
  const files = await clientFiles(JSON.parse(await read('api/openapi.json')) as OpenApiDocument);
  expect(Object.keys(files)).toEqual(['schema.d.ts', 'values.ts']);
  for (const [name, text] of Object.entries(files)) expect(await read(`client/${name}`) === text, name).toBe(true);
});
