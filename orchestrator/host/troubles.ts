// Background work that has failed and not succeeded since. A record that throws does not stop the work on others. Each failure is logged and recorded as an event when it begins
// and ends, and shown by the doctor while it lasts.
import { toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';

const troubleAreas = ['reconciliation', 'quarantine', 'housekeeping', 'snapshot checks', 'pool watch'] as const;
export type TroubleArea = (typeof troubleAreas)[number];

export interface Trouble { area: TroubleArea; subject: string; code: string; message: string; since: string }

export class Troubles {
  readonly #events: Pick<SqliteEventLog, 'append'>;
  readonly #log: Logger;
  readonly #known = new Map<string, Trouble>();

  constructor(deps: { events: Pick<SqliteEventLog, 'append'>; log: Logger }) {
    this.#events = deps.events;
    this.#log = deps.log;
  }

  /** Runs one piece of work. Never throws. @returns whether it succeeded */
  async attempt(area: TroubleArea, subject: string, work: () => Promise<void> | void): Promise<boolean> {
    try {
      await work();
      this.#over(area, subject);
      return true;
    } catch (thrown) {
      this.#note(area, subject, thrown);
      return false;
    }
  }

  list(): Trouble[] {
    return [...this.#known.values()];
  }

  /** Drops troubles of subjects that no longer exist. */
  keepOnly(area: TroubleArea, subjects: ReadonlySet<string>): void {
    for (const trouble of this.list()) if (trouble.area === area && !subjects.has(trouble.subject)) this.#known.delete(keyOf(trouble));
  }

  #note(area: TroubleArea, subject: string, thrown: unknown): void {
    const { code, message } = toSomnusError(thrown);
    const before = this.#known.get(keyOf({ area, subject }));
    this.#known.set(keyOf({ area, subject }), { area, subject, code, message, since: before?.since ?? new Date().toISOString() });
    if (before?.code === code && before.message === message) return;
    this.#log.warn({ event: 'background.failed', area, subject, err: thrown });
    this.#appendEvent('background.failed', { area, subject, code, message });
  }

  #over(area: TroubleArea, subject: string): void {
    if (!this.#known.delete(keyOf({ area, subject }))) return;
    this.#log.info({ event: 'background.recovered', area, subject });
    this.#appendEvent('background.recovered', { area, subject });
  }

  /** Never throws: the database itself may be failing. */
  #appendEvent(type: string, data: Record<string, unknown>): void {
    try {
      this.#events.append({ type, owner: null, subject: null, actor: null, data });
    } catch (error) {
      this.#log.warn({ event: 'background.not-told', err: error });
    }
  }
}

function keyOf({ area, subject }: Pick<Trouble, 'area' | 'subject'>): string {
  return `${area} ${subject}`;
}
