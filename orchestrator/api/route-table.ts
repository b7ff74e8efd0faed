// All routes of the API. A new resource needs a file in routes/ and a line here.
import type { Route } from './route.ts';
import { actionRoutes } from './routes/actions.ts';
import { agentRoutes } from './routes/agent.ts';
import { artifactRunRoutes } from './routes/artifact-runs.ts';
import { artifactRoutes } from './routes/artifacts.ts';
import { auditRoutes } from './routes/audit.ts';
import { collaborationRoutes } from './routes/collaborations.ts';
import { inboxRoutes } from './routes/inbox.ts';
import { environmentRoutes } from './routes/environments.ts';
import { snapshotRoutes } from './routes/snapshots.ts';
import { eventRoutes } from './routes/events.ts';
import { execRoutes } from './routes/exec.ts';
import { fileRoutes } from './routes/files.ts';
import { hostRoutes } from './routes/host.ts';
import { imageRoutes } from './routes/images.ts';
import { browserRoutes } from './routes/browser.ts';
import { jobRoutes } from './routes/jobs.ts';
import { packRoutes } from './routes/packs.ts';
import { portRoutes } from './routes/ports.ts';
import { keyRoutes } from './routes/keys.ts';
import { memoryRoutes } from './routes/memory.ts';
import { metaRoutes } from './routes/meta.ts';
import { operationRoutes } from './routes/operations.ts';
import { profileRoutes } from './routes/profiles.ts';
import { quarantineRoutes } from './routes/quarantine.ts';
import { readingRoutes } from './routes/reading.ts';
import { researchRoutes } from './routes/research.ts';
import { secretRoutes } from './routes/secrets.ts';
import { sshRoutes } from './routes/ssh.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { userRoutes } from './routes/users.ts';

export const routeTable: readonly Route[] = [
  ...environmentRoutes,
  ...agentRoutes,
  ...snapshotRoutes,
  ...execRoutes,
  ...actionRoutes,
  ...artifactRoutes,
  ...artifactRunRoutes,
  ...jobRoutes,
  ...browserRoutes,
  ...portRoutes,
  ...sshRoutes,
  ...inboxRoutes,
  ...collaborationRoutes,
  ...fileRoutes,
  ...packRoutes,
  ...sessionRoutes,
  ...profileRoutes,
  ...imageRoutes,
  ...keyRoutes,
  ...secretRoutes,
  ...userRoutes,
  ...operationRoutes,
  ...eventRoutes,
  ...auditRoutes,
  ...memoryRoutes,
  ...readingRoutes,
  ...researchRoutes,
  ...hostRoutes,
  ...quarantineRoutes,
  ...metaRoutes,
];
