// Starts a VM that is a copy of another: of a snapshot, a running VM or a template. With memory, it wakes with its network link down, gets its identity,
// and only then is connected. Without memory it boots from its disk.
import type { Step } from '../../common/step.ts';
import { loadState } from '../snapshots/saved-state.ts';
import { assertCapacityForMemory } from '../vms/capacity.ts';
import type { VmContext } from '../vms/vm.ts';
import { awaitReady, identifyGuest, isAttached, startVm, verifyGuest } from './start.ts';
import { isLoaded, VERIFY_LOADED_TIMEOUT_MS, verifyLoaded } from './verify-loaded.ts';

/** Blocks all traffic until the guest has its own address. */
export const attachUnplugged: Step<VmContext> = {
  name: 'network.attach',
  timeoutMs: 60_000,
  async run({ vm }) {
    const { network } = await vm.manifest();
    await vm.host.network.attach(network, { linkUp: false });
  },
  holds: async ({ vm }) => await isAttached(vm),
  async undo({ vm }) {
    const manifest = await vm.manifest().catch(() => undefined);
    if (manifest) await vm.host.network.detach(manifest.network.index);
  },
};

export const startCopy: Step<VmContext> = {
  name: 'vm.start',
  timeoutMs: 600_000,
  async run(context, step) {
    const { vm } = context;
    if (!(await vm.isHibernated())) return await startVm.run(context, step);
    await vm.powerOff();
    await assertCapacityForMemory(vm, (await vm.manifest()).shape);
    await loadState(vm, vm.hibernationFolder, step.signal);
  },
  async undo({ vm }) {
    await vm.powerOff();
    await vm.undefine();
  },
  holds: async (context) => await (await context.vm.isHibernated() ? isLoaded(context) : context.vm.isAlive()),
};

const verify: Step<VmContext> = {
  name: verifyGuest.name,
  timeoutMs: VERIFY_LOADED_TIMEOUT_MS,
  async run(context, step) {
    await verifyLoaded(context, step, async () => await startCopy.run(context, step));
  },
};

export const connect: Step<VmContext> = {
  name: 'network.connect',
  timeoutMs: 60_000,
  async run({ vm }) {
    await vm.host.network.setLink((await vm.manifest()).network.index, true);
  },
};

/** Verifies a guest that continues from the memory of its source and gives it its identity, or gives a booting one its identity. */
export const identifyCopy: Step<VmContext> = {
  ...verify,
  run: async (context, step) => await (await context.vm.isHibernated() ? verify : identifyGuest).run(context, step),
};

export const readyCopy: Step<VmContext> = {
  ...awaitReady,
  async run(context, step) {
    if (!(await context.vm.isHibernated())) await awaitReady.run(context, step);
  },
};
