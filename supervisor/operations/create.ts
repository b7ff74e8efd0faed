// Creates an environment's VM: from a template, which is a fork of a booted guest, or by booting the image. The first boot of an image and hardware
// makes the template.
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toSomnusError } from '../../common/errors.ts';
import { exists } from '../../common/exists.ts';
import type { Step, StepRun } from '../../common/step.ts';
import { checkState } from '../snapshots/check-state.ts';
import { dropHibernation } from '../snapshots/quarantine-state.ts';
import { cloneState } from '../snapshots/saved-state.ts';
import type { TemplateNeeds } from '../snapshots/template-store.ts';
import { growDisk } from '../vms/grow-disk.ts';
import type { VmManifest } from '../vms/manifest.ts';
import type { VmContext } from '../vms/vm.ts';
import { applyResources } from './apply-resources.ts';
import { isTemplateGuest, makeTemplate, sendTemplateIdentity } from './make-template.ts';
import { completeCopy, completeFolder, discardFiles, makeKeys, ownManifest, type NewVm } from './new-vm.ts';
import { identifyGuest } from './start.ts';
import { attachUnplugged, connect, identifyCopy, readyCopy, startCopy } from './start-copy.ts';
import { finishWake } from './wake.ts';

export interface CreateContext extends VmContext {
  spec: NewVm;
  /** Boot the image even if there is a template. */
  cold: boolean;
}

const cloneDisk: Step<CreateContext> = {
  name: 'disk.clone',
  timeoutMs: 600_000,
  async run(context, step) {
    const { vm, spec } = context;
    if (await exists(vm.folder)) return;
    const staging = join(vm.host.pool.folders.staging, vm.id);
    await rm(staging, { recursive: true, force: true });
    if (await cloneTemplate(context, step)) return;
    step.progress({ message: context.cold ? 'cloning the image' : 'cloning the image: there is no template yet' });
    await mkdir(staging, { mode: 0o700 });
    await cloneImage(context, (file) => join(staging, file));
    await completeFolder(vm, { ...ownManifest(vm, spec), ...await fromImage(context), wanted: spec.shape, gpu: spec.gpu, generation: FIRST_GENERATION });
  },
  async undo({ vm }) {
    await vm.undefine(); // the start may have defined it
    await discardFiles(vm);
  },
};

/** The guest of a template has had generation 1. */
const FIRST_GENERATION = 2;

/** Starts from the image if the template cannot be loaded. */
const start: Step<CreateContext> = {
  ...startCopy,
  async run(context, step) {
    await orFromImage(context, step, async () => await startCopy.run(context, step));
  },
};

const identify: Step<CreateContext> = {
  ...identifyCopy,
  name: identifyGuest.name,
  async run(context, step) {
    const { vm } = context;
    await orFromImage(context, step, async () => {
      if (await vm.isHibernated()) return await identifyCopy.run(context, step);
      const needs = await templateNeeds(context);
      if (needs && await vm.host.templates.claim(needs)) await sendTemplateIdentity(vm, step);
      else await identifyGuest.run(context, step);
    });
  },
};

/** Saves the guest as a template, if it has the identity of one, and then gives it its own. */
const saveTemplate: Step<CreateContext> = {
  name: 'template.save',
  timeoutMs: 600_000,
  async run(context, step) {
    const { vm } = context;
    const needs = await vm.isHibernated() ? undefined : await templateNeeds(context);
    if (!needs || !(await isTemplateGuest(vm, step.signal))) return;
    await makeTemplate(vm, needs, step);
    await identifyGuest.run(context, step);
  },
};

const finish: Step<CreateContext> = {
  ...finishWake,
  async run(context, step) {
    if (await context.vm.isHibernated()) await finishWake.run(context, step);
  },
};

export const createSteps: readonly Step<CreateContext>[] = [makeKeys, cloneDisk, attachUnplugged, start, identify, applyResources, saveTemplate, connect, readyCopy, finish];

/** @returns undefined when the environment cannot have a template */
async function templateNeeds({ vm, spec, cold }: CreateContext): Promise<TemplateNeeds | undefined> {
  return cold || spec.gpu ? undefined : { image: spec.image, hardware: await vm.host.hardware(), shape: shapeOf(spec) };
}

/** @returns whether there was a usable template */
async function cloneTemplate(context: CreateContext, step: StepRun): Promise<boolean> {
  const { vm, spec } = context;
  const needs = await templateNeeds(context);
  const template = needs && await vm.host.templates.find(needs);
  if (template === undefined) return false;
  const staging = join(vm.host.pool.folders.staging, vm.id);
  try {
    step.progress({ message: 'cloning the template' });
    await checkState(vm, template, { memory: true, signal: step.signal });
    await mkdir(staging, { mode: 0o700 });
    await cloneState(vm, template, join(staging, 'hibernation'));
    await completeCopy(vm, spec, { memory: true, wanted: spec.shape, generation: FIRST_GENERATION, fromTemplate: true });
    return true;
  } catch (error) {
    step.signal.throwIfAborted();
    vm.log.warn({ event: 'template.not-cloned', err: toSomnusError(error) });
    await vm.host.templates.discard(template, 'it could not be cloned');
    await discardFiles(vm);
    return false;
  }
}

/** Runs `work`; if that fails for a VM from a template, removes the template, boots the VM from the image instead, and runs `work` again. */
async function orFromImage(context: CreateContext, step: StepRun, work: () => Promise<void>): Promise<void> {
  const { vm, spec } = context;
  try {
    return await work();
  } catch (thrown) {
    const error = toSomnusError(thrown);
    step.signal.throwIfAborted();
    if (!(await vm.isHibernated()) || error.code === 'unavailable' || error.code === 'insufficient_space') throw error;
    vm.log.warn({ event: 'template.not-continued', err: error });
  }
  step.progress({ message: 'the template did not continue; booting the image' });
  const needs = await templateNeeds(context);
  if (needs) await vm.host.templates.discard(vm.host.templates.folder(needs), 'it did not continue');
  await vm.powerOff();
  await vm.undefine();
  await cloneImage(context, (file) => join(vm.folder, `.${file}`));
  for (const file of imageFiles) await rename(join(vm.folder, `.${file}`), join(vm.folder, file));
  await vm.changeManifest({ ...await fromImage(context), wanted: spec.shape, fromTemplate: false });
  await dropHibernation(vm); // from here on it boots
  await startCopy.run(context, step);
  await work();
}

const imageFiles = ['disk', 'kernel', 'initrd'] as const;

async function cloneImage({ vm, spec }: CreateContext, place: (file: string) => string): Promise<void> {
  for (const file of imageFiles) {
    await rm(place(file), { force: true });
    await vm.host.pool.clone(join(spec.image.folder, file), place(file));
  }
  await growDisk(place('disk'), spec.shape.diskGiB);
}

async function fromImage({ vm, spec }: CreateContext): Promise<Pick<VmManifest, 'imageVersion' | 'kernelCmdline' | 'hardware' | 'shape'>> {
  const { version, kernelCmdline } = spec.image;
  return { imageVersion: version, kernelCmdline, hardware: await vm.host.hardware(), shape: shapeOf(spec) };
}

function shapeOf({ shape, image }: NewVm): NewVm['shape'] {
  return { ...shape, diskGiB: Math.max(shape.diskGiB, image.diskGiB) };
}
