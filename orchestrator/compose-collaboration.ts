// The composition root of collaborations.
import type { Config } from '../common/config.ts';
import type { DataPaths } from '../common/paths.ts';
import { chatModel } from './collaboration/chat-model.ts';
import { CollaborationBoard } from './collaboration/collaboration-board.ts';
import { CollaborationManager } from './collaboration/collaboration-manager.ts';
import { CollaborationRunner, type CollaborationRunnerDeps } from './collaboration/collaboration-runner.ts';
import type { CollaborationService, InboxService } from './collaboration/collaboration.ts';
import { MemberInbox } from './collaboration/inbox.ts';
import { MemberJobs, type MemberJobsDeps } from './collaboration/member-jobs.ts';
import { SharedFiles } from './collaboration/shared-files.ts';
import { SqliteCollaborations } from './collaboration/sqlite-collaborations.ts';
import { SqliteSharedFiles } from './collaboration/sqlite-shared-files.ts';
import type { SqliteEventLog } from './events/sqlite-event-log.ts';
import type { EnvironmentService } from './environments/environment-service.ts';
import type { SqliteStore } from './store/sqlite-store.ts';

export interface CollaborationOptions extends Pick<CollaborationRunnerDeps, 'records' | 'network' | 'now' | 'faults' | 'log' | 'intervalMs'>, Pick<MemberJobsDeps, 'holder' | 'watch'> {
  config: Pick<Config, 'collaboration'>;
  paths: Pick<DataPaths, 'collaborationsDir'>;
  store: SqliteStore;
  events: Pick<SqliteEventLog, 'append'>;
  environments: Pick<EnvironmentService, 'get' | 'channel'>;
}

export interface CollaborationParts { collaborations: CollaborationService; inboxes: InboxService; collaborationRunner: CollaborationRunner; collaborationRows: SqliteCollaborations; sharedFiles: SharedFiles }

export function composeCollaboration({ config: { collaboration: { model } }, paths, store, events, environments, holder, watch, now, ...runner }: CollaborationOptions): CollaborationParts {
  const rows = new SqliteCollaborations(store);
  const board = new CollaborationBoard({ store, rows, events, now });
  const fileRows = new SqliteSharedFiles(store);
  const files = new SharedFiles({ environments, rows, files: fileRows, board, folder: paths.collaborationsDir, now });
  const manager = new CollaborationManager({ environments, rows, board, records: runner.records, files, fileRows, hasModel: model !== undefined, now });
  const jobs = new MemberJobs({ environments, holder, watch });
  return {
    collaborations: manager, inboxes: new MemberInbox({ environments, rows, board, files, manager }), collaborationRows: rows, sharedFiles: files,
    collaborationRunner: new CollaborationRunner({ ...runner, rows, board, jobs, files, now, model: model === undefined ? undefined : chatModel(model) }),
  };
}
