// What users see of the agent in a VM: its health and its incidents. `asOf` says when the agent reported them, so old data is never shown as current.
import { z } from 'zod';
import { FixAttempt as AgentFixAttempt, FixMode } from '../../agent/contract/fixing.ts';
import { SoftReboot as AgentSoftReboot, Watched as AgentWatched } from '../../agent/contract/health.ts';
import { Engine } from '../../agent/contract/engine.ts';
import { Incident as AgentIncident, IntelligentStats } from '../../agent/contract/incident.ts';

const Time = z.iso.datetime();

/** off: the VM is not running. unreachable: the agent does not answer. */
export const HealthState = z.enum(['ok', 'attention', 'unreachable', 'off']);

export const Watched = AgentWatched.omit({ sinceMs: true, retryAtMs: true }).extend({
  since: Time,
  retryAt: Time.nullable().meta({ description: 'When the agent will start a unit again that was restarted too often.' }),
});
export type Watched = z.infer<typeof Watched>;

export const EnvironmentHealth = z.strictObject({
  environmentId: z.string(),
  state: HealthState,
  summary: z.string().meta({ description: 'One line: what is wrong, why, and what to do.' }),
  asOf: Time.nullable().meta({ description: 'When the agent last answered; null if it has not since Somnus started.' }),
  unreachableSince: Time.nullable().meta({ description: 'Since when the agent has not answered.' }),
  agentVersion: z.string().nullable(),
  watched: z.array(Watched).nullable().meta({ description: 'The watched units and processes. Null unless the agent answers.' }),
  reading: IntelligentStats.omit({ unixMs: true }).nullable().meta({ description: 'Statistics about reading logs. Null unless the agent answers.' }),
});
export type EnvironmentHealth = z.infer<typeof EnvironmentHealth>;

export const FixAttempt = AgentFixAttempt.omit({ atMs: true }).extend({ at: Time });
export type FixAttempt = z.infer<typeof FixAttempt>;

export const Incident = AgentIncident.omit({ firstAtMs: true, lastAtMs: true, closedAtMs: true, attempts: true }).extend({
  message: z.string().meta({ description: 'The first entry in one line; for a stack trace, the error that caused it.' }),
  firstAt: Time, lastAt: Time, closedAt: Time.nullable(), attempts: z.array(FixAttempt).meta({ description: 'Fixes that were tried, oldest first.' }),
});
export type Incident = z.infer<typeof Incident>;

export const IncidentList = z.strictObject({
  environmentId: z.string(),
  current: z.boolean().meta({ description: 'Whether the agent has just reported these incidents. If false, they are as of `asOf`.' }),
  asOf: Time.nullable(),
  unreachableSince: Time.nullable(),
  items: z.array(Incident).meta({ description: 'Most recent first.' }),
});
export type IncidentList = z.infer<typeof IncidentList>;

export const PastIncident = Incident.pick({ id: true, place: true, category: true, message: true, count: true, rootId: true, firstAt: true, lastAt: true, closedAt: true, closedBy: true }).extend({
  firstSeenAt: Time.meta({ description: 'When Somnus first read the incident, by the host clock; `firstAt` and `lastAt` are by the guest clock.' }),
  lastSeenAt: Time.meta({ description: 'When Somnus last read something new about the incident, by the host clock.' }),
  outcome: z.enum(['open', 'closed', 'fixed', 'gone']).meta({ description: 'closed: by a log line or by the fix of another incident, which `closedBy` names. fixed: by the last attempt. gone: the agent no longer reports it, for example after a rollback.' }),
  attempts: z.array(FixAttempt).meta({ description: 'Fixes that were tried, including those that Somnus tried itself, oldest first.' }),
});
export type PastIncident = z.infer<typeof PastIncident>;

export const SoftRebootRequest = z.strictObject({
  deadlineSeconds: z.int().min(0).max(120).default(10).meta({ description: 'How long processes may take to stop before they are killed.' }),
});
export type SoftRebootRequest = z.infer<typeof SoftRebootRequest>;

export const ApplyFix = z.strictObject({
  fixId: z.string().min(1).max(64).optional().meta({ description: "One of the incident's fixes. Default: the first one with a command." }),
  snapshot: z.boolean().default(false).meta({ description: 'Take a snapshot first, and restore it if the fix fails or does not help.' }),
});
export type ApplyFix = z.infer<typeof ApplyFix>;

export const FixSettings = z.strictObject({
  mode: FixMode.meta({ description: 'off: fixes are only shown. suggest: fixes are applied on request. act: the agent also applies safe fixes automatically, after a live check confirms the cause, and when an incident stays open because of too little memory or disk, Somnus takes a snapshot and applies the next larger profile.' }),
});
export type FixSettings = z.infer<typeof FixSettings>;

export const UpgradeAgent = z.strictObject({
  engine: Engine.optional().meta({ description: 'How the agent classifies log lines from now on. `embedding` copies its model (about 70 MB) into the environment and uses up to 120 MB of its memory.' }),
});
export type UpgradeAgent = z.infer<typeof UpgradeAgent>;

export const AgentUpgrade = z.strictObject({
  from: z.string().nullable().meta({ description: 'The previous version; null if that agent did not answer.' }),
  to: z.string(),
  outcome: z.enum(['upgraded', 'current', 'rolled-back']).meta({ description: 'current: the agent already had this version. rolled-back: the new agent was not ready within 30 seconds, so the VM has rolled back to the previous one.' }),
  engine: Engine.nullable().meta({ description: 'The engine that was set; null if it was not changed.' }),
});
export type AgentUpgrade = z.infer<typeof AgentUpgrade>;

export const SoftReboot = AgentSoftReboot;
export type SoftReboot = z.infer<typeof SoftReboot>;

/** Joins two lists of attempts on an incident, oldest first. An attempt in both is listed once. */
export function mergedAttempts(some: readonly FixAttempt[], more: readonly FixAttempt[]): FixAttempt[] {
  const all = new Map([...some, ...more].map((attempt) => [`${attempt.at} ${attempt.fixId}`, attempt]));
  return [...all.values()].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

export function publicAttempt({ atMs, ...attempt }: z.infer<typeof AgentFixAttempt>): FixAttempt {
  return { ...attempt, at: isoTime(atMs) };
}

export function publicIncident({ firstAtMs, lastAtMs, closedAtMs, attempts, ...incident }: z.infer<typeof AgentIncident>): Incident {
  return { ...incident, message: messageOf(incident), firstAt: isoTime(firstAtMs), lastAt: isoTime(lastAtMs), closedAt: closedAtMs === null ? null : isoTime(closedAtMs), attempts: attempts.map(publicAttempt) };
}

export function publicWatched({ sinceMs, retryAtMs, ...watched }: z.infer<typeof AgentWatched>): Watched {
  return { ...watched, since: isoTime(sinceMs), retryAt: retryAtMs === null ? null : isoTime(retryAtMs) };
}

/** Older agents send no message. */
export function messageOf({ message, example }: Pick<z.infer<typeof AgentIncident>, 'message' | 'example'>): string {
  return message ?? example.split('\n')[0] ?? '';
}

/** Times from a guest are not trusted: an invalid one becomes 1970-01-01. */
function isoTime(unixMs: number): string {
  const time = new Date(unixMs);
  return Number.isNaN(time.getTime()) || time.getTime() < 0 ? new Date(0).toISOString() : time.toISOString();
}
