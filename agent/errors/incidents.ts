// Collects classified errors into incidents: one for each template and place, with its count and rate, joined to the incident that caused it, and
// closed by the line that says so. Pure: receives the time, and knows neither files nor processes.
import type { ClassifiedEntry } from './line-classifier.ts';
import type { ErrorLabel, Verdict } from './verdict.ts';

export interface Incident {
  id: number;
  /** The unit, file or command that the lines come from. */
  place: string;
  template: string;
  label: ErrorLabel;
  verdict: Verdict;
  /** The text of the first line, with secrets redacted. */
  example: string;
  count: number;
  firstAtMs: number;
  lastAtMs: number;
  /** The incident that this one follows from. */
  rootId: number | undefined;
  closedAtMs: number | undefined;
  closedBy: string | undefined;
  /** More than SPIKE_FACTOR times as many in the last minute as in a usual one. */
  spiking: boolean;
}

interface Tracked { incident: Incident; minute: number; thisMinute: number; usual: number }

/** Incidents that are kept. Above that the oldest closed one goes, and then what is new is only counted. */
const MAX_INCIDENTS = 500;
/** An error this long after another one in the same place can follow from it. */
const CASCADE_MS = 60_000;
const SPIKE_FACTOR = 5;
const SPIKE_LEAST = 20;
/** The share that a minute has in what is usual. */
const USUAL_SHARE = 0.2;

/** What can cause what: a failure on the right follows from one on the left. */
const follows: Readonly<Partial<Record<ErrorLabel, readonly ErrorLabel[]>>> = {
  NETWORK_FAILURE: ['DEPENDENCY_MISSING', 'RUNTIME_ERROR'],
  DISK_FULL: ['DEPENDENCY_MISSING', 'RUNTIME_ERROR', 'CONFIG_ERROR'],
  OUT_OF_MEMORY: ['RUNTIME_ERROR', 'NETWORK_FAILURE'],
  DEPENDENCY_MISSING: ['RUNTIME_ERROR'],
  PERMISSION_DENIED: ['RUNTIME_ERROR', 'CONFIG_ERROR'],
  AUTH_ERROR: ['RUNTIME_ERROR', 'DEPENDENCY_MISSING'],
  CONFIG_ERROR: ['RUNTIME_ERROR', 'NETWORK_FAILURE'],
  CUDA_ERROR: ['RUNTIME_ERROR'],
};

/** Lines that say that something works again, and which labels they close. */
const closings: readonly (readonly [RegExp, readonly ErrorLabel[]])[] = [
  [/\b(?:re-?connected|re-?established|connection restored|reachable again|retry succeeded|succeeded after|back online|link is up)\b/i, ['NETWORK_FAILURE']],
  [/\bsuccessfully installed\b|\badded \d+ packages\b|^setting up\b/i, ['DEPENDENCY_MISSING', 'NETWORK_FAILURE']],
  [/\baccepted (?:publickey|password)\b|\b(?:authentication|login) (?:succeeded|successful)\b/i, ['AUTH_ERROR']],
  [/\bsyntax is ok\b|\bconfiguration (?:loaded|is valid)\b/i, ['CONFIG_ERROR']],
  [/\b(?:started|is healthy|health check (?:passed|ok)|ready to accept)\b/i, ['RUNTIME_ERROR', 'CONFIG_ERROR', 'PERMISSION_DENIED']],
];

export class Incidents {
  readonly #byKey = new Map<string, Tracked>();
  #lastId = 0;
  #uncollected = 0;

  /** Errors that a storm of new templates left without an incident of their own. */
  get uncollected(): number {
    return this.#uncollected;
  }

  list(): Incident[] {
    return [...this.#byKey.values()].map(({ incident }) => ({ ...incident }));
  }

  /** Takes an entry in. Returns the incident that it opened, repeated or closed last, if any. */
  add(place: string, { entry, template, verdict }: ClassifiedEntry, atMs: number): Incident | undefined {
    if (verdict.label === 'NONE' || verdict.abstained) return this.#close(place, entry.text, atMs);
    const key = `${place}\n${template}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return count(known, atMs);
    if (this.#byKey.size >= MAX_INCIDENTS && !this.#forgetClosed()) {
      this.#uncollected += 1;
      return undefined;
    }
    this.#lastId += 1;
    const incident: Incident = {
      id: this.#lastId, place, template, label: verdict.label, verdict, example: entry.text.slice(0, 2000), count: 1, firstAtMs: atMs, lastAtMs: atMs,
      rootId: this.#rootOf(place, verdict.label, atMs), closedAtMs: undefined, closedBy: undefined, spiking: false,
    };
    this.#byKey.set(key, { incident, minute: minuteOf(atMs), thisMinute: 1, usual: 0 });
    return { ...incident };
  }

  /** The root of the newest open incident in the same place that can cause this one. */
  #rootOf(place: string, label: ErrorLabel, atMs: number): number | undefined {
    const cause = [...this.#byKey.values()].map(({ incident }) => incident).filter((incident) => (
      incident.place === place && incident.closedAtMs === undefined && atMs - incident.lastAtMs <= CASCADE_MS && follows[incident.label]?.includes(label) === true
    )).toSorted((a, b) => b.lastAtMs - a.lastAtMs || b.id - a.id)[0];
    return cause === undefined ? undefined : cause.rootId ?? cause.id;
  }

  #close(place: string, text: string, atMs: number): Incident | undefined {
    const labels = closings.filter(([line]) => line.test(text)).flatMap(([, closed]) => closed);
    if (labels.length === 0) return undefined;
    const open = [...this.#byKey.values()].map(({ incident }) => incident).filter((incident) => incident.place === place && incident.closedAtMs === undefined);
    const roots = new Set(open.filter(({ label }) => labels.includes(label)).map(({ id }) => id));
    const closed = open.filter(({ id, rootId }) => roots.has(id) || (rootId !== undefined && roots.has(rootId)));
    for (const incident of closed) Object.assign(incident, { closedAtMs: atMs, closedBy: text.slice(0, 500) });
    const last = closed.at(-1);
    return last === undefined ? undefined : { ...last };
  }

  #forgetClosed(): boolean {
    const oldest = [...this.#byKey].filter(([, { incident }]) => incident.closedAtMs !== undefined).toSorted(([, a], [, b]) => a.incident.lastAtMs - b.incident.lastAtMs)[0];
    return oldest !== undefined && this.#byKey.delete(oldest[0]);
  }
}

/** Counts a repetition. One after the closing opens the incident again. */
function count(tracked: Tracked, atMs: number): Incident {
  const { incident } = tracked;
  const minute = minuteOf(atMs);
  if (minute > tracked.minute) {
    // Minutes without a line count as zero.
    tracked.usual = (tracked.usual * (1 - USUAL_SHARE) + tracked.thisMinute * USUAL_SHARE) * (1 - USUAL_SHARE) ** (minute - tracked.minute - 1);
    tracked.thisMinute = 0;
    tracked.minute = minute;
  }
  tracked.thisMinute += 1;
  incident.count += 1;
  incident.lastAtMs = Math.max(incident.lastAtMs, atMs);
  incident.closedAtMs = undefined;
  incident.closedBy = undefined;
  incident.spiking = tracked.thisMinute >= SPIKE_LEAST && tracked.thisMinute > SPIKE_FACTOR * tracked.usual;
  return { ...incident };
}

function minuteOf(atMs: number): number {
  return Math.floor(atMs / 60_000);
}
