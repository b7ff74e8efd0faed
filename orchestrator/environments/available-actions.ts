// The commands that are possible in a state, as errors and `somnus show` print them. supervisor/domain/states.ts defines the actions.
import { transitionalStates, availableActions, type EnvironmentState, type LifecycleAction } from '../../supervisor/domain/states.ts';

/** Commands that differ from the name of their action. */
const lines: Partial<Record<LifecycleAction, string>> = { remove: 'rm NAME', restore: 'snapshot restore NAME SNAP' };

/** Commands without the leading `somnus`. During an operation, only the command that follows it. If a snapshot holds the environment's state before a failed restore, restoring it comes first. */
export function availableCommands({ state, name, presentSnapshotId = null }: { state: EnvironmentState; name: string; presentSnapshotId?: string | null }): string[] {
  if (transitionalStates.includes(state)) return [`op ls --target ${name}`];
  const commands = availableActions(state).map((action) => (lines[action] ?? `${action} NAME`).replace('NAME', name));
  return presentSnapshotId === null ? commands : [`snapshot restore ${name} ${presentSnapshotId}`, ...commands];
}
