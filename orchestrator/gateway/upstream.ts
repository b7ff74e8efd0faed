// Connections from the host to the services that secrets belong to. A name is resolved once, and the connection goes to the address that was checked; redirects are not followed.
import { lookup, type LookupAddress } from 'node:dns';
import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { SomnusError } from '../../common/errors.ts';
import type { AddressGuard } from '../research/fetch/address-guard.ts';

/** How long a service may take to begin its answer; a large model may think for minutes. */
const ANSWER_MS = 600_000;

export interface Sending { method: string; headers: OutgoingHttpHeaders; allowPrivate: boolean; signal: AbortSignal }

/** What a service answers: a response, or the stream that replaces HTTP after an upgrade. */
export interface Upstream { response: IncomingMessage; upgraded: { socket: Socket; head: Buffer } | undefined }

export class UpstreamClient {
  readonly #guard: AddressGuard;
  readonly #agents: { open: HttpsAgent; guarded: HttpsAgent; plain: HttpAgent };

  constructor(guard: AddressGuard) {
    this.#guard = guard;
    this.#agents = { open: new HttpsAgent({ keepAlive: true }), guarded: new HttpsAgent({ keepAlive: true, lookup: this.#lookup }), plain: new HttpAgent({ keepAlive: true }) };
  }

  /** Sends a request; `write` gets it to send the body. @throws address_refused, fetch_failed, timeout, the reason of the signal */
  async send(url: URL, { method, headers, allowPrivate, signal }: Sending, write: (request: ClientRequest) => void): Promise<Upstream> {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (!allowPrivate && isIP(host) !== 0) this.#guard.assertPublic(host, host); // addresses are not looked up
    const options = { method, headers, signal };
    const request = url.protocol === 'https:'
      ? httpsRequest(url, { ...options, agent: allowPrivate ? this.#agents.open : this.#agents.guarded })
      : httpRequest(url, { ...options, agent: this.#agents.plain });
    const { promise, resolve, reject } = Promise.withResolvers<Upstream>();
    const late = setTimeout(() => request.destroy(new SomnusError('timeout', `${url.host} did not answer within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
    request.once('response', (response) => resolve({ response, upgraded: undefined }));
    request.once('upgrade', (response, socket, head) => resolve({ response, upgraded: { socket: socket as Socket, head } }));
    request.on('error', (cause) => reject(signal.aborted ? signal.reason : cause instanceof SomnusError ? cause : new SomnusError('fetch_failed', `${url.host} cannot be reached: ${cause.message}`, { hint: 'Check the base URL of the secret, and the network of the host.', cause })));
    try {
      write(request);
      return await promise;
    } finally {
      clearTimeout(late);
    }
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  readonly #lookup: LookupFunction = (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      try {
        if (error) throw error;
        for (const { address } of addresses) this.#guard.assertPublic(address, host);
      } catch (thrown) {
        return done(thrown as NodeJS.ErrnoException, '');
      }
      const [first] = addresses;
      if (options.all === true) done(null, addresses);
      else done(null, first?.address ?? '', first?.family ?? 4);
    });
  };
}
