// Restarts a VM: a stop and a start.
import type { Step } from '../../common/step.ts';
import { startSteps } from './start.ts';
import { stopSteps, type StopContext } from './stop.ts';

export const restartSteps: readonly Step<StopContext>[] = [...stopSteps, ...startSteps];
