// Parses a request's query, headers and JSON body, and validates them with a route's schemas.
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';

type Place = 'path' | 'query' | 'body' | 'header';

const BODY_TIMEOUT_MS = 30_000;
const MOST_ERRORS = 50;
const UNKNOWN_FIELD = 'is not a known field';
const INVALID_KEY = 'not a valid key: ';

/** @throws invalid_request listing each invalid field with its place, path and message */
export function validate<S extends z.ZodType>(place: Place, schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(intended).flatMap((issue) => issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({ in: place, path: [...issue.path, key].join('.'), message: UNKNOWN_FIELD }))
    : [{ in: place, path: issue.path.join('.'), message: issue.code === 'invalid_key' ? `${INVALID_KEY}${issue.issues[0]?.message ?? issue.message}` : issue.message }]);
  throw invalid(errors, value);
}

/** The issue with the alternative whose type the value has, such as "must not be empty" for an empty list where text is also accepted. */
function intended(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const [only, ...others] = issue.errors.filter(([first]) => first !== undefined && !(first.code === 'invalid_type' && first.path.length === 0));
  const [inner] = only ?? [];
  return inner === undefined || others.length > 0 ? { ...issue, message: 'must be of another type' } : { ...inner, path: [...issue.path, ...inner.path] };
}

interface InvalidField { in: Place; path: string; message: string }

function invalid(errors: InvalidField[], value?: unknown): SomnusError {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new SomnusError('invalid_request', `${first === undefined ? 'The request is not valid' : sentence(first, value)}${more}`, { details: { errors: errors.slice(0, MOST_ERRORS) } });
}

/** Fields whose value may be repeated in a message; any other may hold a secret. */
const repeatable = new Set(['name', 'newName', 'snapshot', 'image', 'profile', 'network', 'restartPolicy', 'user', 'environment', 'count', 'limit', 'wait', 'scopes', 'action', 'state', 'size', 'toGiB']);

/** Names the field, and its value if that helps. */
function sentence({ in: place, path, message }: InvalidField, value: unknown): string {
  if (path === '') return `The ${place} is not valid: ${message}`;
  if (message.startsWith(INVALID_KEY)) return `Invalid key ${JSON.stringify(path.slice(path.indexOf('.') + 1)).slice(0, 80)} in ${path.slice(0, path.indexOf('.'))}: ${message.slice(INVALID_KEY.length)}`;
  const given = path.split('.').reduce<unknown>((parent, key) => (typeof parent === 'object' && parent !== null && Object.hasOwn(parent, key) ? (parent as Record<string, unknown>)[key] : undefined), value);
  if (given === undefined && value !== undefined) return `${path} is missing`;
  const shown = repeatable.has(path.split('.').find((key) => !/^\d+$/.test(key)) ?? '') && (typeof given === 'string' || typeof given === 'number') ? ` ${JSON.stringify(given).slice(0, 80)}` : '';
  return message === UNKNOWN_FIELD ? `${path} ${message}` : `Invalid ${path}${shown}: ${message}`;
}

/** Parses the query; each name may occur once. @throws invalid_request */
export function parseQuery(url: string): Record<string, string> {
  const start = url.indexOf('?');
  const values = new Map<string, string>();
  const pairs = start === -1 ? [] : url.slice(start + 1).split('&').filter((pair) => pair !== '');
  for (const pair of pairs) {
    const [, name, value] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
    const key = decode(name ?? '');
    if (values.has(key)) throw invalid([{ in: 'query', path: key, message: 'must not occur more than once' }]);
    const decoded = decode(value ?? '');
    if (decoded.includes('\0')) throw invalid([{ in: 'query', path: key, message: 'must not contain NUL' }]);
    values.set(key, decoded);
  }
  return Object.fromEntries(values); // own properties, including `__proto__`, which the schema refuses
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new SomnusError('invalid_request', 'The query is not valid percent-encoded UTF-8', { cause });
  }
}

/** @throws invalid_request unless it is 1–200 visible ASCII characters */
export function idempotencyKey(request: IncomingMessage): string | undefined {
  const value = request.headers['idempotency-key'];
  if (value === undefined) return undefined;
  return validate('header', z.strictObject({ 'Idempotency-Key': z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be 1–200 visible ASCII characters') }), { 'Idempotency-Key': value })['Idempotency-Key'];
}

/** The version in If-Match; undefined when there is none. @throws invalid_request unless it is a single ETag of this API */
export function ifMatchVersion(header: string | undefined): number | undefined {
  if (header === undefined || header === '*') return undefined;
  const version = /^"(\d{1,15})"$/.exec(header)?.[1];
  if (version === undefined) throw invalid([{ in: 'header', path: 'If-Match', message: 'must be the ETag of an earlier response, such as "3", or *' }]);
  return Number(version);
}

export function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}

/**
 * Reads the JSON body; an absent one counts as {}.
 * @throws unsupported_media_type, too_large, invalid_json, invalid_request
 */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  if (!hasBody(request)) return {};
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    throw new SomnusError('unsupported_media_type', `The body must be application/json in UTF-8, not ${type === '' ? 'untyped' : type}`);
  }
  if (!/^(identity)?$/i.test(request.headers['content-encoding'] ?? '')) throw new SomnusError('unsupported_media_type', 'The body must not be compressed');
  return parseJson(await readBytes(request, maxBytes));
}

/** @throws invalid_json; invalid_request for names that would reach an object's prototype */
export function parseJson(bytes: Buffer): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // Only text that may contain the name is parsed with the slower reviver.
    return text.includes('__proto__') || text.includes('\\u') ? JSON.parse(text, refusePrototype) : JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SomnusError) throw thrown;
    throw new SomnusError('invalid_json', `The body is not valid JSON: ${(thrown as Error).message}`, { cause: thrown });
  }
}

function refusePrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw invalid([{ in: 'body', path: key, message: 'is not an allowed name' }]);
  return value;
}

async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const late = (): void => reject(new SomnusError('invalid_request', `The body did not arrive within ${BODY_TIMEOUT_MS / 1000} s`));
  const timer = setTimeout(late, BODY_TIMEOUT_MS);
  const tooLarge = (): void => reject(new SomnusError('too_large', `The body is larger than ${maxBytes} bytes`, { details: { maxBytes } }));
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  const onData = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > maxBytes) tooLarge();
    else chunks.push(chunk);
  };
  request.on('data', onData);
  request.once('end', () => resolve(Buffer.concat(chunks)));
  request.once('error', reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    request.off('data', onData);
  }
}
