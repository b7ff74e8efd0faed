// What users see of the agent in a VM: its health and its incidents. Nothing old is shown as current: `asOf` says when the agent reported it.
import { z } from 'zod';
import { SoftReboot as AgentSoftReboot, Watched as AgentWatched } from '../../agent/contract/health.ts';
import { Incident as AgentIncident, IntelligentStats } from '../../agent/contract/incident.ts';

const Time = z.iso.datetime();

/** off: the VM does not run. unreachable: the agent does not answer. */
export const HealthState = z.enum(['ok', 'attention', 'unreachable', 'off']);

export const Watched = AgentWatched.omit({ sinceMs: true, retryAtMs: true }).extend({
  since: Time,
  retryAt: Time.nullable().meta({ description: 'When a unit that was restarted too often is started again.' }),
});
export type Watched = z.infer<typeof Watched>;

export const EnvironmentHealth = z.strictObject({
  environmentId: z.string(),
  state: HealthState,
  summary: z.string().meta({ description: 'One line: what is wrong, why, and what to do.' }),
  asOf: Time.nullable().meta({ description: 'When the agent last answered; null if it has not since Somnus started.' }),
  unreachableSince: Time.nullable().meta({ description: 'Since when it has not answered.' }),
  agentVersion: z.string().nullable(),
  watched: z.array(Watched).nullable().meta({ description: 'Units and processes that are watched. Null unless the agent answers.' }),
  reading: IntelligentStats.omit({ unixMs: true }).nullable().meta({ description: 'How the reading of logs goes. Null unless the agent answers.' }),
});
export type EnvironmentHealth = z.infer<typeof EnvironmentHealth>;

export const Incident = AgentIncident.omit({ firstAtMs: true, lastAtMs: true, closedAtMs: true }).extend({ firstAt: Time, lastAt: Time, closedAt: Time.nullable() });
export type Incident = z.infer<typeof Incident>;

export const IncidentList = z.strictObject({
  environmentId: z.string(),
  current: z.boolean().meta({ description: 'Whether the agent has just reported these. If not, they are as of `asOf`.' }),
  asOf: Time.nullable(),
  unreachableSince: Time.nullable(),
  items: z.array(Incident).meta({ description: 'The incident with the newest line first.' }),
});
export type IncidentList = z.infer<typeof IncidentList>;

export const SoftRebootRequest = z.strictObject({
  deadlineSeconds: z.int().min(0).max(120).default(10).meta({ description: 'How long processes may take to end before they are killed.' }),
});
export type SoftRebootRequest = z.infer<typeof SoftRebootRequest>;

export const SoftReboot = AgentSoftReboot;
export type SoftReboot = z.infer<typeof SoftReboot>;

export function publicIncident({ firstAtMs, lastAtMs, closedAtMs, ...incident }: z.infer<typeof AgentIncident>): Incident {
  return { ...incident, firstAt: isoTime(firstAtMs), lastAt: isoTime(lastAtMs), closedAt: closedAtMs === null ? null : isoTime(closedAtMs) };
}

export function publicWatched({ sinceMs, retryAtMs, ...watched }: z.infer<typeof AgentWatched>): Watched {
  return { ...watched, since: isoTime(sinceMs), retryAt: retryAtMs === null ? null : isoTime(retryAtMs) };
}

/** The guest's times are its own and not trusted: one that is no date becomes the beginning of time. */
function isoTime(unixMs: number): string {
  const time = new Date(unixMs);
  return Number.isNaN(time.getTime()) || time.getTime() < 0 ? new Date(0).toISOString() : time.toISOString();
}
