// The command lines that lead out of a state: errors and `somnus show` name them. Which actions these are is decided in supervisor/domain/states.ts.
import { transitionalStates, waysOut, type EnvironmentState, type LifecycleAction } from '../../supervisor/domain/states.ts';

/** What each action is called on the command line; NAME is the environment's. */
const lines: Partial<Record<LifecycleAction, string>> = { remove: 'rm NAME', restore: 'snapshot restore NAME SNAP' };

/** Without the leading `somnus`. A state that lasts only as long as an operation is left with that: it can be followed and cancelled. Where a snapshot holds what the environment was, restoring that comes first. */
export function wayOutCommands({ state, name, presentSnapshotId = null }: { state: EnvironmentState; name: string; presentSnapshotId?: string | null }): string[] {
  if (transitionalStates.includes(state)) return [`op ls --target ${name}`];
  const commands = waysOut(state).map((action) => (lines[action] ?? `${action} NAME`).replace('NAME', name));
  return presentSnapshotId === null ? commands : [`snapshot restore ${name} ${presentSnapshotId}`, ...commands];
}
