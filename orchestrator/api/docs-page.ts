// The page at /docs: the OpenAPI document as HTML. Self-contained, without scripts; all text is escaped.
import { createHash } from 'node:crypto';
import { errorCodes } from '../../common/errors.ts';
import { httpStatus } from './http-status.ts';
import { quickstart } from './openapi-texts.ts';
import type { ApiOperation, JsonSchema, OpenApiDocument } from './openapi.ts';
import type { Answer } from './route.ts';

const style = `
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #8886 } h3 { margin: 1.6rem 0 .3rem; font-size: 1rem }
code, pre { font: 13px/1.45 ui-monospace, monospace } pre { overflow: auto; padding: .7rem; background: #8881; border-radius: .3rem }
b.method { display: inline-block; min-width: 4.2rem } table { border-collapse: collapse } td, th { text-align: left; vertical-align: top; padding: .15rem 1rem .15rem 0 }
summary { cursor: pointer } section { content-visibility: auto; contain-intrinsic-size: auto 18rem }
`;

export function docsAnswer(document: OpenApiDocument): Answer {
  const hash = createHash('sha256').update(style).digest('base64');
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
    },
    body: page(document),
  };
}

function page({ info, paths, components, tags }: OpenApiDocument): string {
  const routes = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
  const groups = Map.groupBy(routes, ({ operation }) => operation.tags[0] ?? '');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(info.title)} API</title><style>${style}</style></head><body>
<h1>${escape(info.title)} API ${escape(info.version)}</h1>
<p>${prose(info.description)}</p>
<p>Send <code>Authorization: Bearer KEY</code>. The same as OpenAPI: <a href="/v1/openapi.json">/v1/openapi.json</a>.
On this page: ${['quickstart', ...groups.keys(), 'schemas', 'errors'].map((name) => `<a href="#${escape(name)}">${escape(name)}</a>`).join(', ')}.</p>
<h2 id="quickstart">quickstart</h2>
<table>${quickstart.map(([command, does]) => `<tr><td><code>${escape(command)}</code></td><td>${escape(does)}</td></tr>`).join('\n')}</table>
${[...groups].map(([name, members]) => `<h2 id="${escape(name)}">${escape(name)}</h2>\n<p>${prose(tags.find((tag) => tag.name === name)?.description ?? '')}</p>\n${members.map(({ path, method, operation }) => section(path, method, operation)).join('\n')}`).join('\n')}
<h2 id="schemas">schemas</h2>
${Object.entries(components.schemas).map(([name, schema]) => `<section><h3 id="schema-${escape(name)}">${escape(name)}</h3>${json(schema)}</section>`).join('\n')}
<h2 id="errors">errors</h2>
<table><tr><th>code</th><th>status</th><th>meaning</th><th>hint</th></tr>
${Object.entries(errorCodes).map(([code, { title, hint }]) => `<tr id="${escape(code)}"><td><code>${escape(code)}</code></td><td>${httpStatus[code as keyof typeof errorCodes]}</td><td>${prose(title)}</td><td>${prose(hint)}</td></tr>`).join('\n')}
</table></body></html>
`;
}

function section(path: string, method: string, operation: ApiOperation): string {
  const scope = operation['x-scope'] === 'none' ? 'no key needed' : `scope ${operation['x-scope']}${operation['x-limited-keys'] ? '' : '; not for keys limited to one environment'}`;
  const parameters = operation.parameters.map((parameter) => `<tr><td><code>${escape(parameter.name)}</code></td><td>${parameter.in}${parameter.required ? ', required' : ''}</td><td>${prose(parameter.description ?? '')}</td><td>${shape(parameter.schema)}</td></tr>`);
  const answers = Object.entries(operation.responses).flatMap(([status, answer]) => ('$ref' in answer ? [] : [`<tr><td>${escape(status)}</td><td>${prose(answer.description)}</td><td>${contents(answer.content)}</td></tr>`]));
  const errors = Object.entries(operation.responses).flatMap(([status, answer]) => ('$ref' in answer ? [escape(status)] : []));
  return `<section><h3 id="${escape(operation.operationId)}"><b class="method">${method.toUpperCase()}</b> <code>${escape(path)}</code></h3>
<p>${prose(operation.summary)} (${escape(scope)}). ${prose(operation.description ?? '')}</p>
${parameters.length === 0 ? '' : `<table>${parameters.join('')}</table>`}
${operation.requestBody === undefined ? '' : `<p>Body${operation.requestBody.required ? '' : ' (optional)'}: ${prose(operation.requestBody.description ?? '')} ${contents(operation.requestBody.content, true)}</p>`}
<table>${answers.join('')}<tr><td><a href="#errors">errors</a></td><td>${errors.join(', ')}</td><td></td></tr></table></section>`;
}

function contents(content: Record<string, { schema: JsonSchema; example?: unknown }> | undefined, withExample = false): string {
  return Object.entries(content ?? {}).map(([type, { schema, example }]) => `<code>${escape(type)}</code> ${shape(schema)}${withExample && example !== undefined ? `<pre>${escape(JSON.stringify(example, null, 1).replaceAll(/\n */g, ' '))}</pre>` : ''}`).join(' ');
}

/** A link to a named schema, otherwise the schema itself. */
function shape(schema: JsonSchema): string {
  const name = typeof schema['$ref'] === 'string' ? schema['$ref'].split('/').at(-1) ?? '' : undefined;
  if (name !== undefined) return `<a href="#schema-${escape(name)}">${escape(name)}</a>`;
  const text = JSON.stringify(schema);
  if (text === '{}') return '';
  return text.length < 120 ? `<code>${escape(text)}</code>` : `<details><summary>schema</summary>${json(schema)}</details>`;
}

function json(schema: JsonSchema): string {
  return `<pre>${escape(JSON.stringify(schema, null, 2))}</pre>`;
}

/** Formats `…` in text as code. */
function prose(text: string): string {
  return escape(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}
