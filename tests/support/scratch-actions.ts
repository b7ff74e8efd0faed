// The real action runner on a database of its own, for environments that a test provides.
import { join } from 'node:path';
import { SomnusError } from '../../common/errors.ts';
import { ActionRunner, type ActionRunnerDeps } from '../../orchestrator/actions/action-runner.ts';
import { RuleFiles } from '../../orchestrator/actions/rule-files.ts';
import { SqliteActions } from '../../orchestrator/actions/sqlite-actions.ts';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import { SqliteEnvironments } from '../../orchestrator/environments/sqlite-environments.ts';
import { SqliteEventLog } from '../../orchestrator/events/sqlite-event-log.ts';
import { schema } from '../../orchestrator/store/schema.ts';
import { SqliteStore } from '../../orchestrator/store/sqlite-store.ts';
import { log, scratchFolder } from './operations.ts';

export interface ScratchActions extends Disposable { runner: ActionRunner; actions: SqliteActions; events: SqliteEventLog; store: SqliteStore }

const noContainers: ActionRunnerDeps['containers'] = {
  problem: async () => 'Docker does not answer',
  run: async () => { throw new SomnusError('unavailable', 'Docker does not answer'); },
};

/** `existing` are the environments whose actions it records. */
export function scratchActions(environments: ActionRunnerDeps['environments'], existing: readonly Environment[], more: Partial<ActionRunnerDeps> = {}): ScratchActions {
  const folder = scratchFolder();
  const store = SqliteStore.open({ path: join(folder.path, 'somnus.db'), migrations: schema, log });
  const records = new SqliteEnvironments(store);
  for (const [at, environment] of existing.entries()) records.insert({ ...environment, networkIndex: at + 1 });
  const actions = new SqliteActions(store);
  const events = new SqliteEventLog({ store, log });
  const runner = new ActionRunner({ environments, monitor: { latest: () => undefined }, containers: noContainers, rules: new RuleFiles('/nonexistent'), actions, events, ...more });
  return { runner, actions, events, store, [Symbol.dispose]: () => {
    store.close();
    folder[Symbol.dispose]();
  } };
}
