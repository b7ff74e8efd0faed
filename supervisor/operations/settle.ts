// Steps after a guest has rebooted inside the same QEMU: identify it if needed, and apply its profile again.
import type { Step } from '../../common/step.ts';
import { applyResources } from './apply-resources.ts';
import type { VmContext } from '../vms/vm.ts';
import { awaitReady, identifyGuest } from './start.ts';

/** Records that a reset gives the guest all its memory and the vCPUs it first booted with, before its resources are applied. */
const noteReset: Step<VmContext> = {
  name: 'vm.note-reset',
  timeoutMs: 30_000,
  async run({ vm }) {
    const { shape } = await vm.manifest();
    await vm.changeManifest({ shape: { ...shape, memoryMiB: shape.memoryMaxMiB, vcpus: shape.vcpusMax } });
  },
};

export const guestRebootSteps: readonly Step<VmContext>[] = [identifyGuest, noteReset, applyResources, awaitReady];
