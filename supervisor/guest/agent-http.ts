// Sends one GET to the agent's HTTP server over an open stream.
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { SomnusError } from '../../common/errors.ts';
import { wholeText } from './bounded-text.ts';

/** The agent's answers are a few kilobytes, but the guest is not trusted to respect that. */
const MAX_BODY_BYTES = 262_144;

/** Returns the body as parsed JSON, or as text if it is not JSON. @throws guest_unreachable when the exchange fails */
export async function httpGet(stream: Duplex, path: string, signal: AbortSignal): Promise<{ status: number; body: unknown }> {
  try {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: unknown }>();
    request({ host: '127.0.0.1', path, signal, headers: { connection: 'close' }, createConnection: () => stream }, (response) => {
      wholeText(response, MAX_BODY_BYTES).then((text) => resolve({ status: response.statusCode ?? 0, body: parsed(text) }), reject);
    }).on('error', reject).end();
    return await promise;
  } catch (cause) {
    throw new SomnusError('guest_unreachable', `The agent in the VM did not answer GET ${path}: ${(cause as Error).message}`, { cause });
  } finally {
    stream.destroy();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
