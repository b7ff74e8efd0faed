// The parts of the control plane and their states: for /healthz, /readyz, and the routes that need a part. bring-up.ts brings them up.
import { z } from 'zod';
import { SomnusError, type ErrorCode } from '../../common/errors.ts';

export const partNames = ['database', 'pool', 'network', 'libvirt', 'redis', 'reconciliation', 'memory', 'data-folder'] as const;
export type PartName = (typeof partNames)[number];

const partStates = ['starting', 'ready', 'degraded', 'unavailable'] as const;

export const PartReport = z.strictObject({
  name: z.enum(partNames),
  state: z.enum(partStates).meta({ description: '`degraded`: it works with the problem in the message. `unavailable`: it failed or stopped; Somnus keeps trying.' }),
  message: z.string().nullable().meta({ description: 'What is wrong; null if nothing is.' }),
  code: z.string().nullable().meta({ description: 'Code of the error that prevents it from being ready.' }),
});
export type PartReport = z.infer<typeof PartReport>;

/** The parts that operations on VMs need. */
export const vmParts: readonly PartName[] = ['pool', 'network', 'libvirt'];

interface PartState { state: PartReport['state']; error: SomnusError | undefined }

/** Memory opens in parallel, and only memory requests wait for it. A data folder on a full disk does not prevent requests. */
const optional: readonly PartName[] = ['memory', 'data-folder'];

export class Parts {
  readonly #states = new Map<PartName, PartState>(partNames.map((name) => [name, { state: 'starting', error: undefined }]));
  readonly #reads = new Map<PartName, () => PartState>();
  readonly #listeners = new Set<() => void>();

  ready(name: PartName): void {
    this.#set(name, { state: 'ready', error: undefined });
  }

  failed(name: PartName, error: SomnusError): void {
    this.#set(name, { state: 'unavailable', error });
  }

  degraded(name: PartName, error: SomnusError): void {
    this.#set(name, { state: 'degraded', error });
  }

  /** Follows a part that comes and goes by itself: its state is read on each request. Until first ready, it counts as starting unless `why` returns an error. */
  follow(name: PartName, isReady: () => boolean, why: () => SomnusError | undefined): void {
    let wasReady = false;
    this.#reads.set(name, () => {
      const ready = isReady();
      wasReady ||= ready;
      const error = ready ? undefined : why();
      return { state: ready ? 'ready' : wasReady || error !== undefined ? 'unavailable' : 'starting', error };
    });
  }

  /** Calls `listener` when a part that is set, not followed, becomes ready or fails. @returns a function that stops this */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  isReady(...names: readonly PartName[]): boolean {
    return names.every((name) => this.#read(name).state === 'ready');
  }

  report(): PartReport[] {
    return partNames.map((name) => {
      const { state, error } = this.#read(name);
      return { name, state, message: error?.message ?? null, code: error?.code ?? null };
    });
  }

  /** The parts that prevent requests from being served. */
  missing(): PartReport[] {
    return this.report().filter(({ name, state }) => state !== 'ready' && !optional.includes(name));
  }

  /** @throws SomnusError `starting` or `unavailable`, naming the missing part */
  require(names: readonly PartName[]): void {
    for (const name of names) {
      const { state, error } = this.#read(name);
      if (state === 'ready') continue;
      const code: ErrorCode = state === 'starting' ? 'starting' : 'unavailable';
      const message = state === 'starting' ? `${titles[name]} is not ready: Somnus is still starting` : `${titles[name]} is not available${error === undefined ? '' : `: ${error.message}`}`;
      throw new SomnusError(code, message, {
        hint: state === 'starting' ? undefined : `${error?.hint ?? ''} Somnus keeps trying; \`somnus doctor\` shows more.`.trim(), details: { part: name }, cause: error,
      });
    }
  }

  #read(name: PartName): PartState {
    return this.#reads.get(name)?.() ?? this.#states.get(name) ?? { state: 'starting', error: undefined };
  }

  #set(name: PartName, state: PartState): void {
    this.#states.set(name, state);
    for (const listener of this.#listeners) listener();
  }
}

const titles: Readonly<Record<PartName, string>> = {
  database: 'The database', pool: 'The storage pool', network: 'The environments\' network', libvirt: 'libvirt', redis: 'Redis', reconciliation: 'The first reconciliation', memory: 'Memory',
  'data-folder': 'The data folder',
};
