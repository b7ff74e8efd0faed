// Writes openapi.json beside this file (`npm run openapi`). A test compares the committed file with the routes.
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { openApiDocument } from './openapi.ts';
import { routeTable } from './route-table.ts';

const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')));
await writeFile(new URL('openapi.json', import.meta.url), `${JSON.stringify(openApiDocument(routeTable, version), null, 2)}\n`);
