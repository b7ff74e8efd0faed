// Writes openapi.json beside this file, from it the types of the client, and the schema of packs (`npm run openapi`). Tests compare the committed files with the routes.
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { packJsonSchema } from '../packs/pack.ts';
import { openApiDocument } from './openapi.ts';
import { clientFiles } from './openapi-typescript.ts';
import { routeTable } from './route-table.ts';

const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')));
const document = openApiDocument(routeTable, version);
await writeFile(new URL('openapi.json', import.meta.url), `${JSON.stringify(document, null, 2)}\n`);
for (const [name, text] of Object.entries(await clientFiles(document))) await writeFile(new URL(`../client/${name}`, import.meta.url), text);
await writeFile(new URL('../../capability-packs/pack.schema.json', import.meta.url), `${JSON.stringify(packJsonSchema(), null, 2)}\n`);
