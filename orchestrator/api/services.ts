// The interfaces that the REST API needs from the rest of the orchestrator. The composition root passes the services in.
// Each service decides what the caller sees: another user's object is `not_found`, and a key limited to one environment
// sees that environment, and the operations and events whose target or subject it is.
import type { ActionService } from '../actions/action.ts';
import type { ArtifactRunService } from '../artifacts/artifact-run.ts';
import type { ArtifactService } from '../artifacts/artifact.ts';
import type { AgentService } from '../agent/environment-agents.ts';
import type { AutoscalingService } from '../autoscaling/autoscaling.ts';
import type { CollaborationService, InboxService } from '../collaboration/collaboration.ts';
import type { BrowserService } from '../browser/browser-service.ts';
import type { EnvironmentService } from '../environments/environment-service.ts';
import type { SshAccessService } from '../environments/ssh-access.ts';
import type { Event, EventFilter } from '../events/event.ts';
import type { SecretService } from '../gateway/secret.ts';
import type { HostService } from '../host/host.ts';
import type { ImageService } from '../images/image-schemas.ts';
import type { AuditService } from '../audit/audit-entry.ts';
import type { JobService } from '../jobs/job.ts';
import type { ApiKey, CreateApiKey, CreatedApiKey } from '../keys/api-key.ts';
import type { Caller } from '../keys/caller.ts';
import type { MemoryLoader } from '../memory/memory-loader.ts';
import type { Operation, OperationQuery } from '../operations/operation.ts';
import type { PackService } from '../packs/pack-service.ts';
import type { PortService } from '../ports/published-port.ts';
import type { ProfileChangeService } from '../profiles/profile-change.ts';
import type { DocumentReader } from '../reading/documents/document-reader.ts';
import type { QuarantineService } from '../recovery/quarantine.ts';
import type { ResearchService } from '../research/research-service.ts';
import type { SessionService } from '../sessions/dev-session.ts';
import type { SnapshotService } from '../snapshots/snapshot-service.ts';
import type { SqliteIdempotency } from '../operations/sqlite-idempotency.ts';
import type { Page, PageQuery } from '../store/page.ts';
import type { UserService } from '../users/user.ts';
import type { ProfileService } from '../../supervisor/profiles/profile.ts';

export interface Services {
  actions: ActionService;
  artifacts: ArtifactService;
  artifactRuns: ArtifactRunService;
  jobs: JobService;
  browsers: BrowserService;
  audit: AuditService;
  ports: PortService;
  secrets: SecretService;
  ssh: SshAccessService;
  collaborations: CollaborationService;
  inboxes: InboxService;
  sessions: SessionService;
  environments: EnvironmentService;
  agents: AgentService;
  autoscaling: AutoscalingService;
  snapshots: SnapshotService;
  quarantine: QuarantineService;
  operations: OperationService;
  events: EventService;
  keys: KeyService;
  packs: PackService;
  profiles: ProfileService;
  profileChanges: ProfileChangeService;
  images: ImageService;
  host: HostService;
  memory: MemoryLoader;
  documents: DocumentReader;
  research: ResearchService;
  users: UserService;
  idempotency: Pick<SqliteIdempotency, 'onceAsync'>;
}

interface OperationService {
  /** Newest first. */
  list(caller: Caller, query: OperationQuery): Promise<Page<Operation>>;
  /** @throws not_found */
  get(caller: Caller, id: string): Promise<Operation>;
  /** Asks it to stop; the answer shows `cancelling`, or the final status if it was fast. @throws not_found, invalid_state when it cannot be cancelled or has ended */
  cancel(caller: Caller, id: string): Promise<Operation>;
  /** Settles when it has ended, after `timeoutMs` or when the signal fires, with the operation's current state. @throws not_found */
  wait(caller: Caller, id: string, timeoutMs: number, signal?: AbortSignal): Promise<Operation>;
}

interface EventService {
  /** Oldest first. Without `since`: the last `limit` events and no next page. @throws invalid_request for an invalid cursor */
  list(caller: Caller, query: EventFilter & { limit: number }): Promise<Page<Event>>;
  /**
   * Yields the events after `since`, then new ones, each once and in order; without `since`, only new ones. Ends when the signal fires.
   * Reads only as fast as its reader and holds at most a page.
   * @throws invalid_request at once, for an invalid cursor
   */
  subscribe(caller: Caller, filter: EventFilter, signal: AbortSignal): AsyncIterable<Event>;
}

export interface KeyService {
  /** Returns the caller of this key. @throws unauthenticated (unknown or revoked), key_expired */
  verify(secret: string): Promise<Caller>;
  /** @throws forbidden for scopes, users or environments beyond the caller's own */
  create(caller: Caller, request: CreateApiKey): Promise<CreatedApiKey>;
  list(caller: Caller, query: PageQuery): Promise<Page<ApiKey>>;
  /** Repeatable. @throws not_found */
  revoke(caller: Caller, id: string): Promise<ApiKey>;
}
