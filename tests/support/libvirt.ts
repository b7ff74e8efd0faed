// For tests of the libvirt driver: a recorder of events, and a view of the driver's own child processes.
import { readFileSync, readdirSync } from 'node:fs';
import { pollUntil } from '../../common/deadline.ts';
import { createLogger } from '../../common/log.ts';
import type { LifecycleEvent, VmDriver } from '../../supervisor/libvirt/vm-driver.ts';

export const silent = createLogger({ level: 'silent' });

/** Records the events of one domain, and waits for them. */
export class EventLog implements Disposable {
  readonly events: LifecycleEvent[] = [];
  readonly #unsubscribe: () => void;
  #onEvent: () => void = () => {};

  constructor(driver: VmDriver, name: string) {
    this.#unsubscribe = driver.onLifecycle((event) => {
      if (event.name !== name) return;
      this.events.push(event);
      this.#onEvent();
    });
  }

  get names(): string[] {
    return this.events.map(({ event }) => event);
  }

  /** Resolves when the events received so far end with these. */
  async untilLast(...expected: string[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`heard ${this.names.join(', ') || 'nothing'}; waited for ${expected.join(', ')}`)), 10_000);
    this.#onEvent = () => { if (this.names.slice(-expected.length).join() === expected.join()) resolve(); };
    this.#onEvent();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#onEvent = () => {};
    }
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
  }
}

/** Pids of the libvirt processes this process has started. */
export function libvirtChildren(role: 'calls' | 'events'): number[] {
  const children = readdirSync('/proc/self/task').flatMap((thread) => read(`/proc/self/task/${thread}/children`).trim().split(' '));
  return children.filter((pid) => pid !== '' && read(`/proc/${pid}/cmdline`).startsWith(`somnus-libvirt-${role}`)).map(Number);
}

/** The libvirt process with that role, as soon as there is one that is not in `except`. */
export async function libvirtChild(role: 'calls' | 'events', except: number[] = []): Promise<number> {
  return await pollUntil(`a libvirt process for ${role}`, { timeoutMs: 20_000, intervalMs: 10 }, async () => libvirtChildren(role).find((pid) => !except.includes(pid)));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended
  }
}
