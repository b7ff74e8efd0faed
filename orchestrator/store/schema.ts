// All migrations of the control plane's database, by version. A module with tables adds its list here.
import { actionMigrations } from '../actions/sqlite-actions.ts';
import { hostFixMigrations } from '../agent/sqlite-host-fixes.ts';
import { incidentHistoryMigrations } from '../agent/sqlite-incident-history.ts';
import { artifactRunMigrations } from '../artifacts/sqlite-artifact-runs.ts';
import { artifactMigrations } from '../artifacts/sqlite-artifacts.ts';
import { auditMigrations } from '../audit/sqlite-audit-log.ts';
import { autoscalingMigrations } from '../autoscaling/sqlite-autoscaling.ts';
import { collaborationMigrations } from '../collaboration/sqlite-collaborations.ts';
import { sharedFileMigrations } from '../collaboration/sqlite-shared-files.ts';
import { environmentMigrations } from '../environments/sqlite-environments.ts';
import { eventMigrations } from '../events/sqlite-event-log.ts';
import { secretMigrations } from '../gateway/sqlite-secrets.ts';
import { idempotencyMigrations } from '../operations/sqlite-idempotency.ts';
import { portMigrations } from '../ports/sqlite-ports.ts';
import { operationMigrations } from '../operations/sqlite-operation-store.ts';
import { keyMigrations } from '../keys/sqlite-api-keys.ts';
import { snapshotNoticeMigrations } from '../memory/sqlite-snapshot-notices.ts';
import { packHistoryMigrations } from '../packs/sqlite-pack-history.ts';
import { sessionMigrations } from '../sessions/sqlite-sessions.ts';
import { snapshotMigrations } from '../snapshots/sqlite-snapshots.ts';
import { quarantineMigrations } from '../recovery/sqlite-quarantine.ts';
import { vmForkMigrations } from '../vm-api/sqlite-vm-forks.ts';
import type { Migration } from './migrations.ts';

export const schema: readonly Migration[] = [...eventMigrations, ...operationMigrations, ...idempotencyMigrations, ...keyMigrations, ...environmentMigrations, ...snapshotMigrations, ...snapshotNoticeMigrations, ...quarantineMigrations, ...actionMigrations, ...autoscalingMigrations, ...auditMigrations, ...portMigrations, ...hostFixMigrations, ...incidentHistoryMigrations, ...packHistoryMigrations, ...vmForkMigrations, ...secretMigrations, ...artifactMigrations, ...artifactRunMigrations, ...collaborationMigrations, ...sharedFileMigrations, ...sessionMigrations];
