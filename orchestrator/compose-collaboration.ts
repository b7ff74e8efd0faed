// The composition root of collaborations.
import type { Config } from '../common/config.ts';
import { chatModel } from './collaboration/chat-model.ts';
import { CollaborationBoard } from './collaboration/collaboration-board.ts';
import { CollaborationManager } from './collaboration/collaboration-manager.ts';
import { CollaborationRunner, type CollaborationRunnerDeps } from './collaboration/collaboration-runner.ts';
import type { CollaborationService, InboxService } from './collaboration/collaboration.ts';
import { MemberInbox } from './collaboration/inbox.ts';
import { MemberJobs, type MemberJobsDeps } from './collaboration/member-jobs.ts';
import { SqliteCollaborations } from './collaboration/sqlite-collaborations.ts';
import type { SqliteEventLog } from './events/sqlite-event-log.ts';
import type { EnvironmentService } from './environments/environment-service.ts';
import type { SqliteStore } from './store/sqlite-store.ts';

export interface CollaborationOptions extends Pick<CollaborationRunnerDeps, 'records' | 'network' | 'now' | 'faults' | 'log' | 'intervalMs'>, Pick<MemberJobsDeps, 'holder' | 'watch'> {
  config: Pick<Config, 'collaboration'>;
  store: SqliteStore;
  events: Pick<SqliteEventLog, 'append'>;
  environments: Pick<EnvironmentService, 'get' | 'channel'>;
}

export interface CollaborationParts { collaborations: CollaborationService; inboxes: InboxService; collaborationRunner: CollaborationRunner; collaborationRows: SqliteCollaborations }

export function composeCollaboration({ config: { collaboration: { model } }, store, events, environments, holder, watch, now, ...runner }: CollaborationOptions): CollaborationParts {
  const rows = new SqliteCollaborations(store);
  const board = new CollaborationBoard({ store, rows, events, now });
  const manager = new CollaborationManager({ environments, rows, board, records: runner.records, hasModel: model !== undefined, now });
  const jobs = new MemberJobs({ environments, holder, watch });
  return {
    collaborations: manager, inboxes: new MemberInbox({ environments, rows, board, manager }), collaborationRows: rows,
    collaborationRunner: new CollaborationRunner({ ...runner, rows, board, jobs, now, model: model === undefined ? undefined : chatModel(model) }),
  };
}
