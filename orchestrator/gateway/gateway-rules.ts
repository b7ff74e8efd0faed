// What the gateway lets through: paths, and headers in both directions. Pure.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { SomnusError } from '../../common/errors.ts';
import type { SecretSettings } from './sqlite-secrets.ts';

/** Headers that end at the gateway, or identify the caller. All others are passed on. */
const dropped = new Set([
  'host', 'connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'proxy-authenticate', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect', 'accept-encoding', 'authorization', 'x-api-key', 'api-key',
  'cookie', 'origin', 'referer', 'forwarded', 'via', 'sec-websocket-extensions',
]);
const droppedPrefixes = ['x-forwarded-', 'sec-fetch-', 'cf-'];
/** Headers of answers that are passed on. All others end at the gateway. */
const answered = new Set([
  'content-type', 'content-length', 'content-language', 'content-disposition', 'content-range', 'accept-ranges', 'cache-control', 'date', 'etag', 'last-modified', 'expires', 'age', 'vary', 'retry-after', 'request-id', 'x-request-id',
  'sec-websocket-accept', 'sec-websocket-protocol',
]);
const answeredPrefixes = ['anthropic-', 'openai-', 'x-ratelimit-'];

/** The URL that a request is sent to. @throws forbidden, invalid_request */
export function targetOf({ baseUrl, methods, paths, name }: SecretSettings, method: string, path: string, query: string): URL {
  // Whatever could make the path mean another one to the service than it does here.
  if (!/^\/[A-Za-z0-9._~:@!$&'()*+,;=/%-]*$/.test(path) || /%(?:2e|2f|5c|25|00)|\/\.{1,2}(?:\/|$)|\/\//i.test(path)) throw new SomnusError('invalid_request', 'The path is not plain: it must not contain //, dot segments or their encoded forms');
  if (!(methods as readonly string[]).includes(method)) throw new SomnusError('forbidden', `The secret ${name} may be used with ${methods.join(', ')}, not ${method}`);
  if (!paths.some((pattern) => (pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern))) throw new SomnusError('forbidden', `The secret ${name} may be used with the paths ${paths.join(', ')}, not ${path}`.slice(0, 400));
  return new URL(`${baseUrl}${path}${query}`);
}

/** The headers for the service, with the key. */
export function requestHeaders(given: IncomingHttpHeaders, { header }: SecretSettings, key: string): OutgoingHttpHeaders {
  const [name = '', scheme] = header.split(/: ?/);
  const passed = Object.entries(given).filter(([each]) => !dropped.has(each) && each !== name.toLowerCase() && !droppedPrefixes.some((prefix) => each.startsWith(prefix)));
  // Without compression, so that the key can be found in answers.
  return { ...Object.fromEntries(passed), 'accept-encoding': 'identity', [name.toLowerCase()]: scheme === undefined ? key : `${scheme} ${key}` };
}

/** The headers for the VM: only known ones, and none that contains the key. */
export function answerHeaders(given: IncomingHttpHeaders, key: string): OutgoingHttpHeaders {
  const passed = Object.entries(given).filter(([name, value]) => (answered.has(name) || answeredPrefixes.some((prefix) => name.startsWith(prefix))) && ![value].flat().some((each) => each?.includes(key)));
  return { ...Object.fromEntries(passed), 'cache-control': given['cache-control'] ?? 'no-store', 'x-content-type-options': 'nosniff' };
}

/** The token that a program sent in place of the key: in the header of the secret, or in one that clients of such services use. */
export function tokensIn(headers: IncomingHttpHeaders): string[] {
  const given = [headers['x-api-key'], headers['api-key'], /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]];
  return given.flat().filter((each) => each !== undefined);
}
