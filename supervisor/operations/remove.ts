// Removes a VM so that it can be undeleted: powers it off and undefines its domain.
import type { Step } from '../../common/step.ts';
import type { VmContext } from '../vms/vm.ts';
import { powerOffSteps, type StopContext } from './stop.ts';

/** Keeps the folder and keys; a hibernated VM keeps its memory. */
const retire: Step<VmContext> = {
  name: 'vm.undefine',
  timeoutMs: 60_000,
  async run({ vm }) {
    await vm.undefine();
  },
};

export const removeSteps: readonly Step<StopContext>[] = [...powerOffSteps, retire];
