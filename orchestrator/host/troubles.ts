// What failed in background work and has not succeeded since: one record that throws does not end the work for the others. Logged and told as an event when it begins
// and ends, shown by the doctor as long as it lasts.
import { toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';

export const troubleAreas = ['reconciliation', 'quarantine', 'housekeeping', 'snapshot checks', 'pool watch'] as const;
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

  /** Does one piece of the work. Never throws. @returns whether it succeeded */
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

  /** Forgets what is about things that are no longer there. */
  keepOnly(area: TroubleArea, subjects: ReadonlySet<string>): void {
    for (const trouble of this.list()) if (trouble.area === area && !subjects.has(trouble.subject)) this.#known.delete(keyOf(trouble));
  }

  #note(area: TroubleArea, subject: string, thrown: unknown): void {
    const { code, message } = toSomnusError(thrown);
    const before = this.#known.get(keyOf({ area, subject }));
    this.#known.set(keyOf({ area, subject }), { area, subject, code, message, since: before?.since ?? new Date().toISOString() });
    if (before?.code === code && before.message === message) return;
    this.#log.warn({ event: 'background.failed', area, subject, err: thrown });
    this.#tell('background.failed', { area, subject, code, message });
  }

  #over(area: TroubleArea, subject: string): void {
    if (!this.#known.delete(keyOf({ area, subject }))) return;
    this.#log.info({ event: 'background.recovered', area, subject });
    this.#tell('background.recovered', { area, subject });
  }

  /** The database may be what fails. */
  #tell(type: string, data: Record<string, unknown>): void {
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
