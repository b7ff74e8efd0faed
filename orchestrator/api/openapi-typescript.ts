// Generates the client's types from the OpenAPI document, and the lists of values that the document names.
import { registerHooks } from 'node:module';
import type * as Generator from 'openapi-typescript';
import type { OpenApiDocument } from './openapi.ts';

const header = '// Generated from orchestrator/api/openapi.json by `npm run openapi`.\n';

/** The files of orchestrator/client that follow from the document, by name. */
export async function clientFiles(document: OpenApiDocument): Promise<Record<string, string>> {
  const { default: openapiTypes, astToString } = await loadGenerator();
  // The generator changes the document that it is given.
  const types = await openapiTypes(JSON.stringify(document), { rootTypes: true, rootTypesNoSchemaPrefix: true, defaultNonNullable: false, silent: true });
  return { 'schema.d.ts': `${header}${astToString(types)}`, 'values.ts': `${header}${valueLists(document)}` };
}

/** openapi-typescript needs the compiler as a library, which TypeScript 7 is not: it gets TypeScript 5. */
async function loadGenerator(): Promise<typeof Generator> {
  const hooks = registerHooks({ resolve: (specifier, context, next) => next(specifier === 'typescript' ? 'typescript-5' : specifier, context) });
  try {
    return await import('openapi-typescript');
  } finally {
    hooks.deregister();
  }
}

/** Each named schema that is a list of strings. */
function valueLists({ components }: OpenApiDocument): string {
  return Object.entries(components.schemas)
    .flatMap(([name, { enum: values }]) => (Array.isArray(values) ? `export const ${name.charAt(0).toLowerCase()}${name.slice(1)}Values = [${values.map((value) => `'${String(value)}'`).join(', ')}] as const;\n` : []))
    .join('');
}
