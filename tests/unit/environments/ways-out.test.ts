import { expect, test } from 'vitest';
import { buildProgram, type Invocation } from '../../../orchestrator/cli/commander-program.ts';
import { commandTable } from '../../../orchestrator/cli/table/command-table.ts';
import { wayOutCommands } from '../../../orchestrator/environments/ways-out.ts';
import { environmentStates, judge, lifecycleActions, transitionalStates, waysOut } from '../../../supervisor/domain/states.ts';

test.each(environmentStates)('Each way out of %s that is named is a command line of ours', (state) => {
  const lines = wayOutCommands({ state, name: 'demo' });
  expect(lines).not.toEqual([]);
  for (const line of lines) {
    let invocation: Invocation | undefined;
    let misuse = '';
    buildProgram(commandTable, { onInvocation: (found) => { invocation = found; }, onUsageError: (error) => { misuse = String(error); } }).parse(line.split(' '), { from: 'user' });
    expect(misuse, line).toBe('');
    expect(JSON.stringify([invocation?.args, invocation?.options]), line).toContain('demo');
  }
});

test.each(environmentStates.filter((state) => !transitionalStates.includes(state)))('Each way out of %s is possible in it', (state) => {
  const actions = waysOut(state);
  for (const action of actions) expect(judge(action, state), action).toBe('allowed');
  expect(wayOutCommands({ state, name: 'demo' })).toHaveLength(actions.length);
  expect(lifecycleActions.filter((action) => actions.includes(action))).toEqual(actions);
});
