// The states of an environment's VM and the actions allowed in each, as one pure table. vms/ maps libvirt's domain states to these; the orchestrator
// stores them.

export const environmentStates = [
  'creating', 'stopped', 'starting', 'running', 'stopping', 'suspended', 'hibernating', 'hibernated', 'waking', 'restoring', 'failed', 'removing', 'removed',
] as const;
export type EnvironmentState = (typeof environmentStates)[number];

export const lifecycleActions = ['start', 'stop', 'restart', 'suspend', 'resume', 'hibernate', 'wake', 'remove', 'undelete', 'exec', 'snapshot', 'restore', 'fork', 'profile'] as const;
export type LifecycleAction = (typeof lifecycleActions)[number];
/** Actions that need no parameters beyond the environment. */
export type PlainAction = Exclude<LifecycleAction, 'exec' | 'snapshot' | 'restore' | 'fork' | 'profile'>;

/** Stable states, which can also be the desired state. */
export const lastingStates = ['running', 'stopped', 'suspended', 'hibernated', 'removed'] as const;
export type LastingState = (typeof lastingStates)[number];

interface Transition {
  /** States in which the action may begin. */
  from: readonly EnvironmentState[];
  /** States in which the action is already done: it succeeds and changes nothing. */
  already?: readonly EnvironmentState[];
  /** State shown while the action runs; null when the state does not change. */
  via: EnvironmentState | null;
  /** State after success; null when it returns to the previous state. */
  to: LastingState | null;
}

/** A VM is `failed` after an error that Somnus could not undo: stop, start or remove it. */
export const transitions: Readonly<Record<LifecycleAction, Transition>> = {
  start: { from: ['stopped', 'failed'], already: ['running'], via: 'starting', to: 'running' },
  stop: { from: ['running', 'suspended', 'hibernated', 'failed'], already: ['stopped'], via: 'stopping', to: 'stopped' },
  restart: { from: ['running', 'suspended', 'stopped', 'failed'], via: 'starting', to: 'running' },
  suspend: { from: ['running'], already: ['suspended'], via: null, to: 'suspended' },
  resume: { from: ['suspended'], already: ['running'], via: null, to: 'running' },
  hibernate: { from: ['running', 'suspended'], already: ['hibernated'], via: 'hibernating', to: 'hibernated' },
  wake: { from: ['hibernated'], already: ['running'], via: 'waking', to: 'running' },
  remove: { from: ['stopped', 'running', 'suspended', 'hibernated', 'failed'], already: ['removed'], via: 'removing', to: 'removed' },
  undelete: { from: ['removed'], via: null, to: 'stopped' },
  exec: { from: ['running'], via: null, to: null },
  snapshot: { from: ['running', 'suspended', 'stopped', 'hibernated'], via: null, to: null },
  restore: { from: ['running', 'suspended', 'stopped', 'hibernated', 'failed'], via: 'restoring', to: null },
  fork: { from: ['running', 'suspended', 'stopped', 'hibernated'], via: null, to: null },
  profile: { from: ['running', 'stopped'], via: null, to: null }, // a suspended guest cannot adapt, and a saved memory has a fixed shape
};

/** States that exist only during an operation; after a crash, reconciliation resolves them. */
export const transitionalStates: readonly EnvironmentState[] = ['creating', 'starting', 'stopping', 'hibernating', 'waking', 'restoring', 'removing'];

export type Verdict = 'allowed' | 'already' | 'refused';

export function judge(action: LifecycleAction, state: EnvironmentState): Verdict {
  const transition = transitions[action];
  if (transition.from.includes(state)) return 'allowed';
  return transition.already?.includes(state) ? 'already' : 'refused';
}

/** Returns the actions that lead out of a state, for errors and the CLI. */
export function availableActions(state: EnvironmentState): LifecycleAction[] {
  const leadOut = state === 'failed' ? lifecycleActions : lifecycleActions.filter((action) => action !== 'restore');
  return leadOut.filter((action) => !['exec', 'snapshot', 'fork', 'profile'].includes(action) && judge(action, state) === 'allowed');
}
