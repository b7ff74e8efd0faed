import { expect, test } from 'vitest';
import { buildProgram, type Invocation } from '../../../orchestrator/cli/commander-program.ts';
import { commandTable } from '../../../orchestrator/cli/table/command-table.ts';
import { availableCommands } from '../../../orchestrator/environments/available-actions.ts';
import { environmentStates, judge, lifecycleActions, transitionalStates, availableActions } from '../../../supervisor/domain/states.ts';

test.each(environmentStates)('Each available action that %s names is a somnus command line', (state) => {
  const lines = availableCommands({ state, name: 'demo' });
  expect(lines).not.toEqual([]);
  for (const line of lines) {
    let invocation: Invocation | undefined;
    let misuse = '';
    buildProgram(commandTable, { onInvocation: (found) => { invocation = found; }, onUsageError: (error) => { misuse = String(error); } }).parse(line.split(' '), { from: 'user' });
    expect(misuse, line).toBe('');
    expect(JSON.stringify([invocation?.args, invocation?.options]), line).toContain('demo');
  }
});

test.each(environmentStates.filter((state) => !transitionalStates.includes(state)))('Each available action of %s is allowed in it', (state) => {
  const actions = availableActions(state);
  for (const action of actions) expect(judge(action, state), action).toBe('allowed');
  expect(availableCommands({ state, name: 'demo' })).toHaveLength(actions.length);
  expect(lifecycleActions.filter((action) => actions.includes(action))).toEqual(actions);
});
