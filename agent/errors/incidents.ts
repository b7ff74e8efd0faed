// Collects classified errors into incidents: one for each template and place, with its count and rate, joined to the incident that caused it, and
// closed by the line that says so. Pure: receives the time, and knows neither files nor processes.
import { createHash, randomUUID } from 'node:crypto';
import type { FixAttempt } from '../contract/fixing.ts';
import type { Incident } from '../contract/incident.ts';
import { fixesFor } from './fixes/catalog.ts';
import type { Fix } from './fixes/fix.ts';
import type { ClassifiedEntry } from './line-classifier.ts';
import type { LogEntry } from './reading/log-entry.ts';
import type { ErrorLabel } from './verdict.ts';

/** An incident with the counters that its rate is computed from. */
export interface TrackedIncident { key: string; templateKey: string; incident: Incident; minute: number; thisMinute: number; usual: number }

/** What is kept when the process ends; see `save`. */
export interface SavedIncidents { tracked: TrackedIncident[]; uncollected: number; learned: string[] }

/** Limit of incidents. Above it, the oldest closed one is dropped; if none is closed, new errors are only counted. */
const MAX_INCIDENTS = 300;
/** Attempts that are kept per incident, and templates marked as not an error that are kept. */
const MAX_ATTEMPTS = 6;
const MAX_LEARNED = 500;
/** Longest texts of an incident, in characters: they bound the memory of a full store and the size of an answer. */
const longest = { place: 200, template: 300, message: 200, example: 600, closedBy: 300, evidence: 160 } as const;
const MAX_EVIDENCE = 4;
const MAX_FIXES = 4;
/** An error in the same place within the first time can follow from an earlier one; an error of the same category within the second time has the same cause. */
const CASCADE_MS = 60_000;
const SAME_CAUSE_MS = 5000;
const SPIKE_FACTOR = 5;
const SPIKE_LEAST = 20;
/** If a line is older than the last one by more than this, the clock was set back. */
const CLOCK_SET_BACK_MS = 10 * 60_000;
/** The share that a minute has in what is usual. */
const USUAL_SHARE = 0.2;

/** What can cause what: a failure on the right follows from one on the left. */
const follows: Readonly<Partial<Record<ErrorLabel, readonly ErrorLabel[]>>> = {
  NETWORK_FAILURE: ['DEPENDENCY_MISSING', 'RUNTIME_ERROR'],
  DISK_FULL: ['DEPENDENCY_MISSING', 'RUNTIME_ERROR', 'CONFIG_ERROR'],
  OUT_OF_MEMORY: ['RUNTIME_ERROR', 'NETWORK_FAILURE'],
  DEPENDENCY_MISSING: ['RUNTIME_ERROR'],
  PERMISSION_DENIED: ['RUNTIME_ERROR', 'CONFIG_ERROR', 'DEPENDENCY_MISSING'],
  AUTH_ERROR: ['RUNTIME_ERROR', 'DEPENDENCY_MISSING'],
  CONFIG_ERROR: ['RUNTIME_ERROR', 'NETWORK_FAILURE'],
  CUDA_ERROR: ['RUNTIME_ERROR'],
};

/** Lines that say that something works again, and which categories they close. */
const closings: readonly (readonly [RegExp, readonly ErrorLabel[]])[] = [
  [/\b(?:re-?connected|re-?established|connection restored|reachable again|retry succeeded|succeeded after|back online|link is up)\b/i, ['NETWORK_FAILURE']],
  [/\bsuccessfully installed\b|\badded \d+ packages\b|^setting up\b/i, ['DEPENDENCY_MISSING', 'NETWORK_FAILURE']],
  [/\baccepted (?:publickey|password)\b|\b(?:authentication|login) (?:succeeded|successful)\b/i, ['AUTH_ERROR']],
  [/\bsyntax is ok\b|\bconfiguration (?:loaded|is valid)\b/i, ['CONFIG_ERROR']],
  [/\b(?:started|is healthy|health check (?:passed|ok)|ready to accept)\b/i, ['RUNTIME_ERROR', 'CONFIG_ERROR', 'PERMISSION_DENIED', 'DEPENDENCY_MISSING']],
];

export class Incidents {
  readonly #byKey = new Map<string, TrackedIncident>();
  /** Keys of templates that were marked as not an error, in any place. */
  readonly #learned: Set<string>;
  #uncollected: number;
  #changes = 0;

  /** @param saved what an earlier process saved */
  constructor(saved: SavedIncidents = { tracked: [], uncollected: 0, learned: [] }) {
    for (const tracked of saved.tracked) this.#byKey.set(tracked.key, tracked);
    this.#uncollected = saved.uncollected;
    this.#learned = new Set(saved.learned);
  }

  /** The number of templates that were marked as not an error. */
  get learned(): number {
    return this.#learned.size;
  }

  /** Errors that a storm of new templates left without an incident of their own. */
  get uncollected(): number {
    return this.#uncollected;
  }

  /** Increases with each change. */
  get changes(): number {
    return this.#changes;
  }

  /** Returns copies, in the order in which they were opened, with their current rates. */
  list(nowMs: number): Incident[] {
    return [...this.#byKey.values()].map((tracked) => {
      const isLately = Math.abs(minuteOf(nowMs) - tracked.minute) <= 1;
      return { ...tracked.incident, ratePerMinute: isLately ? tracked.thisMinute : 0, spiking: tracked.incident.spiking && isLately };
    });
  }

  /** Returns what a later process continues with: plain data that is not changed afterwards. */
  save(): SavedIncidents {
    return { tracked: [...this.#byKey.values()].map((tracked) => ({ ...tracked, incident: { ...tracked.incident } })), uncollected: this.#uncollected, learned: [...this.#learned] };
  }

  get(id: string): Incident | undefined {
    const tracked = this.#tracked(id);
    return tracked && { ...tracked.incident };
  }

  /** Closes the incident, its root if that has the same category, and the incidents that they caused. If the error occurs again, its incident is opened again. */
  close(id: string, by: string, atMs: number): void {
    const incident = this.#tracked(id)?.incident;
    if (incident === undefined) return;
    const root = incident.rootId === null ? undefined : this.#tracked(incident.rootId)?.incident;
    const first = root?.category === incident.category ? root : incident;
    for (const { incident: each } of this.#byKey.values()) {
      if (each.closedAtMs !== null || ![each.id, each.rootId].includes(first.id) && each.id !== id) continue;
      Object.assign(each, { closedAtMs: atMs, closedBy: cut(by, longest.closedBy) });
      this.#changes += 1;
    }
  }

  /** Closes all incidents that have this fix with this command. */
  closeFixed({ id, command }: Fix, by: string, atMs: number): void {
    const same = ({ fixes }: Incident): boolean => fixes.some((fix) => fix.id === id && fix.command?.join('\n') === command?.join('\n'));
    for (const { incident } of this.#byKey.values()) if (same(incident)) this.close(incident.id, by, atMs);
  }

  addAttempt(id: string, attempt: FixAttempt): void {
    const tracked = this.#tracked(id);
    if (tracked === undefined) return;
    tracked.incident.attempts = [...tracked.incident.attempts, attempt].slice(-MAX_ATTEMPTS);
    this.#changes += 1;
  }

  /** Marks the template of this incident as not an error, in any place, and forgets the template's incidents. Returns whether the incident exists. */
  learn(id: string): boolean {
    const tracked = this.#tracked(id);
    if (tracked === undefined) return false;
    this.#learned.add(tracked.templateKey);
    const [oldest] = this.#learned;
    if (this.#learned.size > MAX_LEARNED && oldest !== undefined) this.#learned.delete(oldest);
    for (const [key, each] of this.#byKey) if (each.templateKey === tracked.templateKey) this.#byKey.delete(key);
    this.#changes += 1;
    return true;
  }

  #tracked(id: string): TrackedIncident | undefined {
    return [...this.#byKey.values()].find(({ incident }) => incident.id === id);
  }

  /** Takes an entry in. Returns the incident that it opened, repeated or closed last, if any. */
  add(place: string, { entry, template, verdict }: ClassifiedEntry, atMs: number): Incident | undefined {
    if (verdict.label === 'NONE' || verdict.abstained) return this.#close(place, entry.text, atMs);
    const templateKey = keyOf(template);
    if (this.#learned.has(templateKey)) return undefined;
    this.#changes += 1;
    const key = keyOf(`${place}\n${template}`);
    const known = this.#byKey.get(key);
    if (known !== undefined) return count(known, atMs);
    if (this.#byKey.size >= MAX_INCIDENTS && !this.#forgetClosed()) {
      this.#uncollected += 1;
      return undefined;
    }
    const incident: Incident = {
      id: `inc_${randomUUID().replaceAll('-', '').slice(0, 16)}`, place: cut(place, longest.place), category: verdict.label,
      template: cut(template, longest.template), message: cut(messageOf(entry), longest.message), example: cut(entry.text, longest.example), engine: verdict.engine, confidence: verdict.confidence,
      evidence: verdict.evidence.slice(0, MAX_EVIDENCE).map((each) => ({ ...each, text: cut(each.text, longest.evidence) })),
      count: 1, ratePerMinute: 1, spiking: false, firstAtMs: atMs, lastAtMs: atMs, rootId: this.#rootOf(place, verdict.label, atMs), closedAtMs: null, closedBy: null,
      fixes: fixesFor(verdict.label, entry, place).slice(0, MAX_FIXES), attempts: [],
    };
    this.#byKey.set(key, { key, templateKey, incident, minute: minuteOf(atMs), thisMinute: 1, usual: 0 });
    return { ...incident };
  }

  /** The root of the newest open incident in the same place that can cause this one. */
  #rootOf(place: string, label: ErrorLabel, atMs: number): string | null {
    const cause = [...this.#byKey.values()].map(({ incident }) => incident).findLast((incident) => (
      incident.place === cut(place, longest.place) && incident.closedAtMs === null && (incident.category === label ? atMs - incident.lastAtMs <= SAME_CAUSE_MS : atMs - incident.lastAtMs <= CASCADE_MS && follows[incident.category]?.includes(label) === true)
    ));
    return cause === undefined ? null : cause.rootId ?? cause.id;
  }

  #close(place: string, text: string, atMs: number): Incident | undefined {
    const labels = closings.filter(([line]) => line.test(text)).flatMap(([, closed]) => closed);
    if (labels.length === 0) return undefined;
    const open = [...this.#byKey.values()].map(({ incident }) => incident).filter((incident) => incident.place === cut(place, longest.place) && incident.closedAtMs === null);
    const roots = new Set(open.filter(({ category }) => labels.includes(category)).map(({ id }) => id));
    const closed = open.filter(({ id, rootId }) => roots.has(id) || (rootId !== null && roots.has(rootId)));
    for (const incident of closed) Object.assign(incident, { closedAtMs: atMs, closedBy: cut(text, longest.closedBy) });
    if (closed.length > 0) this.#changes += 1;
    const last = closed.at(-1);
    return last === undefined ? undefined : { ...last };
  }

  #forgetClosed(): boolean {
    const oldest = [...this.#byKey].filter(([, { incident }]) => incident.closedAtMs !== null).toSorted(([, a], [, b]) => a.incident.lastAtMs - b.incident.lastAtMs)[0];
    return oldest !== undefined && this.#byKey.delete(oldest[0]);
  }
}

/** Counts a repetition. One after the closing opens the incident again. */
function count(tracked: TrackedIncident, atMs: number): Incident {
  const { incident } = tracked;
  const minute = minuteOf(atMs);
  // Sources are read one after the other, so times vary a little. A line from long before the last one means that the clock was set back.
  const setBack = incident.lastAtMs - atMs > CLOCK_SET_BACK_MS;
  if (minute > tracked.minute || setBack) {
    // Minutes without a line count as zero.
    tracked.usual = (tracked.usual * (1 - USUAL_SHARE) + tracked.thisMinute * USUAL_SHARE) * (1 - USUAL_SHARE) ** Math.max(0, minute - tracked.minute - 1);
    tracked.thisMinute = 0;
    tracked.minute = minute;
  }
  tracked.thisMinute += 1;
  incident.count += 1;
  incident.lastAtMs = setBack ? atMs : Math.max(incident.lastAtMs, atMs);
  incident.closedAtMs = null;
  incident.closedBy = null;
  incident.spiking = tracked.thisMinute >= SPIKE_LEAST && tracked.thisMinute > SPIKE_FACTOR * tracked.usual;
  return { ...incident };
}

/** Says an entry in one line: for a stack trace its cause; for a structured line what happened, then why. */
function messageOf({ text, cause }: LogEntry): string {
  const lines = (cause ?? text).split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return lines.slice(0, cause === undefined ? 2 : 1).join(': ').replaceAll(/\s+/g, ' ');
}

/** Long templates are stored as hashes to save memory. */
function keyOf(text: string): string {
  return text.length <= 400 ? text : createHash('sha256').update(text).digest('base64');
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : text.slice(0, characters);
}

function minuteOf(atMs: number): number {
  return Math.floor(atMs / 60_000);
}
