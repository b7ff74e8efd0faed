// The protocol on the virtio-serial port: a JSON object per line, answers matched to requests by id. Independent of devices.
import { MAX_LINE_BYTES, MAX_MESSAGE } from './constants.ts';
import { toSomnusError, SomnusError } from '../common/errors.ts';
import { LineSplitter } from '../common/line-splitter.ts';
import type { PortEvent, PortMethod, PortRequest, PortResponse } from './contract.ts';

export type PortHandlers = { readonly [M in PortMethod]: (params: unknown) => Promise<unknown> };

export class PortProtocol {
  readonly #lines = new LineSplitter(MAX_LINE_BYTES);
  readonly #handlers: PortHandlers;
  readonly #send: (bytes: Buffer) => void;

  constructor(handlers: PortHandlers, send: (bytes: Buffer) => void) {
    this.#handlers = handlers;
    this.#send = send;
  }

  /** Handles bytes from the host. Ignores noise: a line without an id cannot be answered. */
  receive(chunk: Uint8Array): void {
    for (const line of this.#lines.push(chunk)) {
      const request = line === undefined ? undefined : parseRequest(line);
      if (request) void this.#answer(request);
    }
  }

  /** Discards a partial line, because the host has disconnected. */
  reset(): void {
    this.#lines.reset();
  }

  notify(event: PortEvent): void {
    this.#sendLine(event);
  }

  async #answer({ id, method, params }: PortRequest): Promise<void> {
    try {
      if (!Object.hasOwn(this.#handlers, method)) throw new SomnusError('not_found', `No such method: ${method.slice(0, 64)}`);
      this.#sendLine({ id, result: await this.#handlers[method as PortMethod](params) });
    } catch (thrown) {
      const { code, message } = toSomnusError(thrown);
      this.#sendLine({ id, error: { code, message: message.slice(0, MAX_MESSAGE) } });
    }
  }

  #sendLine(message: PortResponse | PortEvent): void {
    this.#send(Buffer.from(`${JSON.stringify(message)}\n`));
  }
}

function parseRequest(line: string): PortRequest | undefined {
  try {
    const value = JSON.parse(line) as Partial<PortRequest> | null;
    if (typeof value?.id === 'number' && Number.isSafeInteger(value.id) && typeof value.method === 'string') return { id: value.id, method: value.method, params: value.params };
  } catch {
    // not JSON: noise, or the rest of a line whose start was lost
  }
  return undefined;
}
