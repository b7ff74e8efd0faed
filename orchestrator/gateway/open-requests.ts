// The requests of VMs that the gateway is serving now, so that they end at once when a secret is revoked, replaced or removed.
import { SomnusError } from '../../common/errors.ts';

interface OpenRequest { secretId: string; environmentId: string; ending: AbortController }

export class OpenRequests {
  readonly #open = new Set<OpenRequest>();

  /** @returns a signal that fires when the request must end, and a function to call when it has ended */
  add(secretId: string, environmentId: string): { signal: AbortSignal; done: () => void } {
    const request = { secretId, environmentId, ending: new AbortController() };
    this.#open.add(request);
    return { signal: request.ending.signal, done: () => this.#open.delete(request) };
  }

  /** Ends all requests with this secret, or only those of one environment. */
  end(secretId: string, environmentId?: string): void {
    for (const request of this.#open) {
      if (request.secretId === secretId && (environmentId === undefined || request.environmentId === environmentId)) request.ending.abort(new SomnusError('forbidden', 'The secret was revoked'));
    }
  }

  get size(): number {
    return this.#open.size;
  }
}
