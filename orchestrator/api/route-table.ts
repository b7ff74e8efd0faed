// All routes of the API. A new resource needs a file in routes/ and a line here.
import type { Route } from './route.ts';
import { actionRoutes } from './routes/actions.ts';
import { agentRoutes } from './routes/agent.ts';
import { auditRoutes } from './routes/audit.ts';
import { environmentRoutes } from './routes/environments.ts';
import { snapshotRoutes } from './routes/snapshots.ts';
import { eventRoutes } from './routes/events.ts';
import { execRoutes } from './routes/exec.ts';
import { fileRoutes } from './routes/files.ts';
import { hostRoutes } from './routes/host.ts';
import { imageRoutes } from './routes/images.ts';
import { browserRoutes } from './routes/browser.ts';
import { jobRoutes } from './routes/jobs.ts';
import { portRoutes } from './routes/ports.ts';
import { keyRoutes } from './routes/keys.ts';
import { memoryRoutes } from './routes/memory.ts';
import { metaRoutes } from './routes/meta.ts';
import { operationRoutes } from './routes/operations.ts';
import { profileRoutes } from './routes/profiles.ts';
import { quarantineRoutes } from './routes/quarantine.ts';
import { readingRoutes } from './routes/reading.ts';
import { researchRoutes } from './routes/research.ts';
import { userRoutes } from './routes/users.ts';

export const routeTable: readonly Route[] = [
  ...environmentRoutes,
  ...agentRoutes,
  ...snapshotRoutes,
  ...execRoutes,
  ...actionRoutes,
  ...jobRoutes,
  ...browserRoutes,
  ...portRoutes,
  ...fileRoutes,
  ...profileRoutes,
  ...imageRoutes,
  ...keyRoutes,
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
