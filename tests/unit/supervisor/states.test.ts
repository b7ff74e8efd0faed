import { expect, test } from 'vitest';
import { environmentStates, judge, lastingStates, lifecycleActions, transitionalStates, transitions, availableActions, type EnvironmentState, type LifecycleAction, type Verdict } from '../../../supervisor/domain/states.ts';

// The whole matrix: + allowed, = already in this state, . refused.
const matrix: Record<EnvironmentState, string> = {
  //            start stop restart suspend resume hibernate wake remove undelete exec snapshot restore fork profile
  creating: '.  .  .  .  .  .  .  .  .  .  .  .  .  .',
  stopped: '+  =  +  .  .  .  .  +  .  .  +  +  +  +',
  starting: '.  .  .  .  .  .  .  .  .  .  .  .  .  .',
  running: '=  +  +  +  =  +  =  +  .  +  +  +  +  +',
  stopping: '.  .  .  .  .  .  .  .  .  .  .  .  .  .',
  suspended: '.  +  +  =  +  +  .  +  .  .  +  +  +  .',
  hibernating: '.  .  .  .  .  .  .  .  .  .  .  .  .  .',
  hibernated: '.  +  .  .  .  =  +  +  .  .  +  +  +  .',
  waking: '.  .  .  .  .  .  .  .  .  .  .  .  .  .',
  restoring: '.  .  .  .  .  .  .  .  .  .  .  .  .  .',
  failed: '+  +  +  .  .  .  .  +  .  .  .  +  .  .',
  removing: '.  .  .  .  .  .  .  .  .  .  .  .  .  .',
  removed: '.  .  .  .  .  .  .  =  +  .  .  .  .  .',
};
const signs: Record<string, Verdict> = { '+': 'allowed', '=': 'already', '.': 'refused' };
const cells = environmentStates.flatMap((state) => matrix[state].split(/ +/).map((sign, column): [EnvironmentState, LifecycleAction, Verdict] => {
  const [action, verdict] = [lifecycleActions[column], signs[sign]];
  if (!action || !verdict) throw new Error(`bad cell ${state} ${sign}`);
  return [state, action, verdict];
}));

test('The matrix covers every state and every action', () => {
  expect(cells).toHaveLength(environmentStates.length * lifecycleActions.length);
});

test.each(cells)('In state %s, %s is %s', (state, action, verdict) => {
  expect(judge(action, state)).toBe(verdict);
});

test('Every lasting state has an available action', () => {
  for (const state of environmentStates.filter((each) => !transitionalStates.includes(each))) expect(availableActions(state), state).not.toEqual([]);
});

test('Every lasting state can be reached, and every transition ends in one', () => {
  const reached = new Set(Object.values(transitions).flatMap(({ to }) => (to === null ? [] : [to])));
  expect([...reached].toSorted()).toEqual([...lastingStates].toSorted());
});
