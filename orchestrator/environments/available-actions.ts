// The commands that are possible in a state, as errors and `somnus show` name them. supervisor/domain/states.ts decides which actions these are.
import { transitionalStates, availableActions, type EnvironmentState, type LifecycleAction } from '../../supervisor/domain/states.ts';

/** Command lines that differ from the name of their action. */
const lines: Partial<Record<LifecycleAction, string>> = { remove: 'rm NAME', restore: 'snapshot restore NAME SNAP' };

/** Commands without the leading `somnus`. While an operation is in progress, the only one follows it. */
export function availableCommands({ state, name }: { state: EnvironmentState; name: string }): string[] {
  if (transitionalStates.includes(state)) return [`op ls --target ${name}`];
  return availableActions(state).map((action) => (lines[action] ?? `${action} NAME`).replace('NAME', name));
}
