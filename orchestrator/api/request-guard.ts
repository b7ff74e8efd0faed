// Checks every request first: it must be meant for this server, and must not come from another web page.
import type { IncomingMessage } from 'node:http';
import { newId } from '../../common/ids.ts';
import { SomnusError } from '../../common/errors.ts';

const ownHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

export const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/**
 * Refuses names other than this host's (DNS rebinding: a hostile name that resolves to 127.0.0.1), and for the API any request
 * that a browser sends for another origin. Ports may differ: inside a VM the API is forwarded to another one.
 * @throws forbidden, invalid_request
 */
export function guardRequest(request: IncomingMessage): void {
  const { host = '', origin } = request.headers;
  if (!ownHost.test(host)) {
    throw new SomnusError('forbidden', 'The Host header names another host', { hint: 'Use 127.0.0.1, [::1] or localhost.' });
  }
  if (!request.url?.startsWith('/')) throw new SomnusError('invalid_request', 'The request target must be a path, not a URL');
  if (!request.url.startsWith('/v1')) return;
  const site = request.headers['sec-fetch-site'];
  const ownSite = site === undefined || site === 'same-origin' || site === 'none';
  if (ownSite && (origin === undefined || origin.toLowerCase() === `http://${host.toLowerCase()}`)) return;
  throw new SomnusError('forbidden', 'Requests from web pages of other origins are refused', { hint: 'Call the API from a program, or from a page that this server serves.' });
}

/** The caller's X-Request-Id if it is a plain one, otherwise a new id. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,100}$/.test(given) ? given : newId('req');
}
