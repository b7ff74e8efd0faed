// Points where tests stop an operation: before and after each step and undo. Without a test they do nothing; in a separate process a test sets SOMNUS_FAULT.
import { setTimeout as delay } from 'node:timers/promises';
import { throwIfAborted, untilAborted } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';

export interface FaultPoint {
  kind: string;
  step: string;
  direction: 'run' | 'undo';
  when: 'before' | 'after';
}

export interface FaultPoints {
  /** The step waits for this, and fails with its error. */
  reached(point: FaultPoint, signal: AbortSignal): Promise<void>;
}

const effects = ['kill', 'fail', 'hang', 'pause'] as const;
type Effect = (typeof effects)[number];
const FORMAT = 'KIND:STEP:before|after:kill|fail|hang|pause, or KIND:undo STEP:…';

/**
 * One fault at one point, the first time it is reached: `environment.wake:guest.verify:after:kill`. `kill` ends this process at once, `fail` makes the step fail, `hang`
 * makes it wait until it is asked to stop, `pause` also until this process gets SIGUSR2. Each is logged when reached. An undo has the prefix undo: `environment.wake:undo memory.load:before:kill`.
 * @throws config_invalid
 */
export function faultFromText(text: string, log: Logger): FaultPoints {
  const [kind, name, when, effect] = text.split(':');
  if (kind === undefined || name === undefined || (when !== 'before' && when !== 'after') || !effects.some((each) => each === effect) || text.split(':').length !== 4) {
    throw new SomnusError('config_invalid', `SOMNUS_FAULT is invalid: ${JSON.stringify(text)}`, { hint: `Use ${FORMAT}. It is only for tests.` });
  }
  const wanted: FaultPoint = { kind, when, step: name.replace(/^undo /, ''), direction: name.startsWith('undo ') ? 'undo' : 'run' };
  let hit = false;
  const resumed = Promise.withResolvers<void>();
  if (effect === 'pause') process.once('SIGUSR2', () => resumed.resolve());
  return {
    async reached(point, signal) {
      if (hit || (Object.keys(wanted) as (keyof FaultPoint)[]).some((key) => point[key] !== wanted[key])) return;
      hit = true;
      log.warn({ event: 'fault.hit', fault: text });
      await performFault(effect as Effect, text, signal, resumed.promise);
    },
  };
}

async function performFault(effect: Effect, text: string, signal: AbortSignal, resumed: Promise<void>): Promise<void> {
  switch (effect) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      return await delay(60_000); // the signal arrives first
    case 'fail':
      throw new SomnusError('internal', `The fault ${text} was injected`);
    case 'pause':
      return await untilAborted(resumed, signal);
    case 'hang':
      await new Promise<void>((resolve) => { signal.addEventListener('abort', () => resolve(), { once: true }); if (signal.aborted) resolve(); });
      return throwIfAborted(signal);
  }
}
