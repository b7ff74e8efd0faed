// The API's answers besides the objects themselves: lists, accepted changes, small reports. Shared with the CLI.
import { z } from 'zod';
import { Action } from '../actions/action.ts';
import { Artifact, ArtifactHit, ArtifactVersion } from '../artifacts/artifact.ts';
import { ArtifactRun } from '../artifacts/artifact-run.ts';
import { PastIncident } from '../agent/agent-schemas.ts';
import { AuditEntry } from '../audit/audit-entry.ts';
import { Environment } from '../environments/environment-schemas.ts';
import { Event } from '../events/event.ts';
import { Secret } from '../gateway/secret.ts';
import { Image } from '../images/image-schemas.ts';
import { Job } from '../jobs/job.ts';
import { AvailablePack, InstalledPack, ShownPackEntry } from '../packs/pack-schemas.ts';
import { PublishedPort } from '../ports/published-port.ts';
import { ApiKey } from '../keys/api-key.ts';
import { Memory } from '../memory/memory.ts';
import { Operation } from '../operations/operation.ts';
import { GuestEntry } from '../../supervisor/guest/guest-folders.ts';
import { Profile } from '../../supervisor/profiles/profile.ts';
import { ProfilePlan } from '../profiles/profile-change.ts';
import { Snapshot } from '../snapshots/snapshot-schemas.ts';
import { PartReport } from '../startup/parts.ts';
import { QuarantineItem } from '../recovery/quarantine-item.ts';
import { Capture } from '../research/capture.ts';
import { ResearchRun } from '../research/runs/research-run.ts';
import { Workflow } from '../research/workflows/workflow.ts';
import { pageOf } from '../store/page.ts';
import { User } from '../users/user.ts';

/**
 * A change of an environment. 200: done (`operation` is null when it needed none, otherwise final: check its status). 202: `operation` is in progress, Location names it.
 * After `?wait=` the environment is in its current state, or null when it no longer exists (purged, or a create that was undone).
 */
export const AcceptedAnswer = z.strictObject({ environment: Environment.nullable(), operation: Operation.nullable() });
export type AcceptedAnswer = z.infer<typeof AcceptedAnswer>;

/** A profile change, or for a dry run only the plan. Like AcceptedAnswer. */
export const ProfileAnswer = z.strictObject({ environment: Environment.nullable(), operation: Operation.nullable(), plan: ProfilePlan });
export type ProfileAnswer = z.infer<typeof ProfileAnswer>;

/** A change of anything else that takes time. */
export const OperationAnswer = z.strictObject({ operation: Operation });
export type OperationAnswer = z.infer<typeof OperationAnswer>;

/** A change of a snapshot, or a restore. Like AcceptedAnswer; the snapshot is null when it no longer exists. */
export const SnapshotAnswer = z.strictObject({ snapshot: Snapshot.nullable(), operation: Operation.nullable() });
export type SnapshotAnswer = z.infer<typeof SnapshotAnswer>;

export const SnapshotPage = pageOf(Snapshot);
export type SnapshotPage = z.infer<typeof SnapshotPage>;

/** The new environments. Like AcceptedAnswer, without environments that no longer exist because the fork was undone. */
export const ForkAnswer = z.strictObject({ environments: z.array(Environment), operation: Operation });
export type ForkAnswer = z.infer<typeof ForkAnswer>;

export const EnvironmentPage = pageOf(Environment);
export type EnvironmentPage = z.infer<typeof EnvironmentPage>;

export const OperationPage = pageOf(Operation);
export type OperationPage = z.infer<typeof OperationPage>;

/** Oldest first. `nextCursor` is null at the end of the log; continue with `since` = the last event's cursor. */
export const EventPage = pageOf(Event);
export type EventPage = z.infer<typeof EventPage>;

export const ApiKeyPage = pageOf(ApiKey);
export type ApiKeyPage = z.infer<typeof ApiKeyPage>;

export const UserPage = pageOf(User);
export type UserPage = z.infer<typeof UserPage>;

export const ImagePage = pageOf(Image);
export type ImagePage = z.infer<typeof ImagePage>;

export const QuarantinePage = pageOf(QuarantineItem);
export type QuarantinePage = z.infer<typeof QuarantinePage>;

export const ProfilePage = pageOf(Profile);
export type ProfilePage = z.infer<typeof ProfilePage>;

export const PackPage = pageOf(AvailablePack);
export type PackPage = z.infer<typeof PackPage>;

export const InstalledPackPage = pageOf(InstalledPack);
export type InstalledPackPage = z.infer<typeof InstalledPackPage>;

/** Oldest first. */
export const PackHistoryPage = pageOf(ShownPackEntry);
export type PackHistoryPage = z.infer<typeof PackHistoryPage>;

export const MemoryPage = pageOf(Memory);
export type MemoryPage = z.infer<typeof MemoryPage>;

export const FilePage = pageOf(GuestEntry);
export type FilePage = z.infer<typeof FilePage>;

export const ActionPage = pageOf(Action);
export type ActionPage = z.infer<typeof ActionPage>;

export const ArtifactPage = pageOf(Artifact);
export type ArtifactPage = z.infer<typeof ArtifactPage>;

export const ArtifactVersionPage = pageOf(ArtifactVersion);
export type ArtifactVersionPage = z.infer<typeof ArtifactVersionPage>;

export const ArtifactRunPage = pageOf(ArtifactRun);
export type ArtifactRunPage = z.infer<typeof ArtifactRunPage>;

/** Best first; one page. */
export const ArtifactHitPage = pageOf(ArtifactHit);
export type ArtifactHitPage = z.infer<typeof ArtifactHitPage>;

/** Oldest first. */
export const PastIncidentPage = pageOf(PastIncident);
export type PastIncidentPage = z.infer<typeof PastIncidentPage>;

export const AuditPage = pageOf(AuditEntry);
export type AuditPage = z.infer<typeof AuditPage>;

export const PortPage = pageOf(PublishedPort);
export type PortPage = z.infer<typeof PortPage>;

export const SecretPage = pageOf(Secret);
export type SecretPage = z.infer<typeof SecretPage>;

export const JobPage = pageOf(Job);
export type JobPage = z.infer<typeof JobPage>;

export const CapturePage = pageOf(Capture);
export type CapturePage = z.infer<typeof CapturePage>;

export const RunPage = pageOf(ResearchRun);
export type RunPage = z.infer<typeof RunPage>;

export const WorkflowPage = pageOf(Workflow);
export type WorkflowPage = z.infer<typeof WorkflowPage>;

/** A research run that was started. */
export const RunAnswer = z.strictObject({ run: ResearchRun, operation: Operation });
export type RunAnswer = z.infer<typeof RunAnswer>;

export const FileWritten = z.strictObject({ path: z.string(), sizeBytes: z.number().nullable().meta({ description: 'Null if an archive was unpacked.' }) });
export type FileWritten = z.infer<typeof FileWritten>;

export const Health = z.strictObject({
  status: z.enum(['ok', 'starting', 'degraded']).meta({ description: '`ok`: all parts are ready. `degraded`: a part failed, stopped or has the problem in its message; everything that does not need it works.' }),
  version: z.string(),
  parts: z.array(PartReport),
});
export type Health = z.infer<typeof Health>;

export const Readiness = z.strictObject({ ready: z.boolean(), waitingFor: z.array(PartReport).meta({ description: 'The parts that are not ready.' }) });
export type Readiness = z.infer<typeof Readiness>;

/** Headers that describe a file or folder of a guest (…/files). */
export const fileHeaders = {
  type: 'x-somnus-file-type',
  sizeBytes: 'x-somnus-file-size',
  /** Octal, for example 0644. */
  mode: 'x-somnus-file-mode',
  /** ISO 8601. */
  modified: 'x-somnus-file-modified',
} as const;
