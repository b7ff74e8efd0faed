// What follows when a guest has rebooted by itself, in the QEMU that it had: it is told who it is if need be, and gets what its profile says again.
import type { Step } from '../../common/step.ts';
import { applyResources } from '../profiles/apply-resources.ts';
import type { VmContext } from './vm.ts';
import { awaitReady, identifyGuest } from './start.ts';

/** A reset gives the guest all memory and the vCPUs that it first booted with: the manifest says so before the VM is fitted. */
const noteReset: Step<VmContext> = {
  name: 'vm.note-reset',
  timeoutMs: 30_000,
  async run({ vm }) {
    const { shape } = await vm.manifest();
    await vm.changeManifest({ shape: { ...shape, memoryMiB: shape.memoryMaxMiB, vcpus: shape.vcpusMax } });
  },
};

export const guestRebootSteps: readonly Step<VmContext>[] = [identifyGuest, noteReset, applyResources, awaitReady];
