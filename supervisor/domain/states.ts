// The states of an environment's VM and what may be done in each: one table, pure.
// Libvirt's own domain states are mapped to these in vms/; the orchestrator stores them.

export const environmentStates = [
  'creating', 'stopped', 'starting', 'running', 'stopping', 'suspended', 'hibernating', 'hibernated', 'waking', 'restoring', 'failed', 'removing', 'removed',
] as const;
export type EnvironmentState = (typeof environmentStates)[number];

export const lifecycleActions = ['start', 'stop', 'restart', 'suspend', 'resume', 'hibernate', 'wake', 'remove', 'undelete', 'exec', 'snapshot', 'restore', 'fork', 'profile'] as const;
export type LifecycleAction = (typeof lifecycleActions)[number];
/** Those that need nothing but an environment. */
export type PlainAction = Exclude<LifecycleAction, 'exec' | 'snapshot' | 'restore' | 'fork' | 'profile'>;

/** States that last, and that one can want. */
export const lastingStates = ['running', 'stopped', 'suspended', 'hibernated', 'removed'] as const;
export type LastingState = (typeof lastingStates)[number];

interface Transition {
  /** States the action may begin in. */
  from: readonly EnvironmentState[];
  /** States in which it is already done: the action succeeds and changes nothing. */
  already?: readonly EnvironmentState[];
  /** Shown while it runs; null when the state does not change. */
  via: EnvironmentState | null;
  /** Where it ends when it succeeds; null: back where it was. */
  to: LastingState | null;
}

/** `failed` is where a VM is when something went wrong that Somnus could not take back: stop, start or remove it. */
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
  profile: { from: ['running', 'stopped'], via: null, to: null }, // a guest that stands still cannot follow, and a saved memory has its shape
};

/** States that only exist while an operation is at work; a crash leaves them to reconciliation. */
export const transitionalStates: readonly EnvironmentState[] = ['creating', 'starting', 'stopping', 'hibernating', 'waking', 'restoring', 'removing'];

export type Verdict = 'allowed' | 'already' | 'refused';

export function judge(action: LifecycleAction, state: EnvironmentState): Verdict {
  const transition = transitions[action];
  if (transition.from.includes(state)) return 'allowed';
  return transition.already?.includes(state) ? 'already' : 'refused';
}

/** The actions that lead out of a state: errors and the CLI name them. */
export function availableActions(state: EnvironmentState): LifecycleAction[] {
  const leadOut = state === 'failed' ? lifecycleActions : lifecycleActions.filter((action) => action !== 'restore');
  return leadOut.filter((action) => !['exec', 'snapshot', 'fork', 'profile'].includes(action) && judge(action, state) === 'allowed');
}
