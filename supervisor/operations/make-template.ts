// Makes a template of a guest that has just booted, before it gets the identity of its environment: other users' environments are made from it, so it
// must not contain this one's name and keys.
import { randomUUID } from 'node:crypto';
import { toSomnusError } from '../../common/errors.ts';
import { exists } from '../../common/exists.ts';
import type { StepRun } from '../../common/step.ts';
import { generateSshKeyPair } from '../guest/ssh-keys.ts';
import { saveState } from '../snapshots/saved-state.ts';
import type { TemplateNeeds } from '../snapshots/template-store.ts';
import type { Vm } from '../vms/vm.ts';
import { verifyByHelper } from './verify-by-helper.ts';

const TEMPLATE = { environmentId: 'template', hostname: 'somnus', generation: 1 } as const;
const BOOT_TIMEOUT_MS = 240_000;
const ANSWER_TIMEOUT_MS = 60_000;
const HELPER_TIMEOUT_MS = 10_000;

/** Gives a booting guest the identity of a template, with keys that are not kept. Repeatable. @throws as `AgentPort.call` */
export async function sendTemplateIdentity(vm: Vm, step: StepRun): Promise<void> {
  const { network: { mac, ip } } = await vm.manifest();
  const { ip: gateway } = vm.host.network.gateway;
  const port = vm.host.guests.port(vm);
  await vm.whileActive(step.signal, async (signal) => {
    step.progress({ message: 'waiting for the agent in the VM' });
    await port.waitUntil(() => true, { timeoutMs: BOOT_TIMEOUT_MS, signal });
    await port.call('identify', {
      ...TEMPLATE, machineId: randomUUID().replaceAll('-', ''), network: { mac, ip, gateway, dns: gateway },
      authorizedKey: generateSshKeyPair('template').publicKey, sshHostKey: generateSshKeyPair('template').privateKey,
    }, { timeoutMs: ANSWER_TIMEOUT_MS, signal });
  });
}

/** Whether the guest has the identity of a template. @throws timeout, cancelled, guest_unreachable */
export async function isTemplateGuest(vm: Vm, signal: AbortSignal): Promise<boolean> {
  return await vm.whileActive(signal, async (active) => {
    const { identity } = await vm.host.guests.port(vm).status({ timeoutMs: BOOT_TIMEOUT_MS, signal: active });
    return identity?.environmentId === TEMPLATE.environmentId;
  });
}

/** Saves the guest, unless that is done, and gives it its own identity through its helper, if it has one. A failure is logged: the environment does not need the template. */
export async function makeTemplate(vm: Vm, needs: TemplateNeeds, step: StepRun): Promise<void> {
  try {
    const { shape, hardware } = await vm.manifest();
    const { templates, guests } = vm.host;
    const folder = templates.folder(needs);
    if (folder !== templates.folder({ ...needs, shape, hardware }) || await exists(folder)) return; // its resources could not be applied
    step.progress({ message: 'saving the guest as a template for others' });
    if (hardware.helper === true) await guests.helper(vm).state({ timeoutMs: HELPER_TIMEOUT_MS, signal: step.signal }).catch(() => {}); // so that it waits in the template; guests of older images have none
    await saveState(vm, folder, { memory: true, signal: step.signal });
    vm.log.info({ event: 'template.made', path: folder });
    await verifyByHelper(vm, step, step.signal);
  } catch (error) {
    step.signal.throwIfAborted();
    vm.log.warn({ event: 'template.not-made', err: toSomnusError(error) });
  }
}
