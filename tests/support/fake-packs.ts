// Packs for guests of the fake host, whose commands are words (fake-guest.ts): what a guest remembers says which steps its present state contains.
import { stringify } from 'yaml';
import type { InstalledPack } from '../../orchestrator/packs/pack-schemas.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import { addImage, type FakeControlPlane } from './fake-host.ts';
import { admin, alice } from './operations.ts';

export interface WordStep { name: string; command: string; check?: string }

/** A step that adds its name to what the guest remembers, and checks that. */
export const adds = (name: string): WordStep => ({ name, command: `add ${name}`, check: `has ${name}` });

export function packText(name: string, steps: readonly WordStep[], more: { version?: string; depends?: string[]; uninstall?: WordStep[] } = {}): string {
  return stringify({ name, version: '1.0.0', description: `The pack ${name}.`, steps: steps.map((step) => ({ check: 'true', ...step })), ...more });
}

export async function addPack(plane: FakeControlPlane, ...pack: Parameters<typeof packText>): Promise<void> {
  await plane.packs.create(admin, { yaml: packText(...pack), replace: true });
}

/** An environment with a past. */
export async function addTarget(plane: FakeControlPlane): Promise<void> {
  await addImage(plane);
  await plane.environments.create(alice, { name: 'target', network: 'open', labels: {} });
  await plane.work();
  plane.host.guest(plane.record('target')?.id ?? '')?.think('past');
}

export async function install(plane: FakeControlPlane, ...packs: string[]): Promise<Operation> {
  return await plane.complete((await plane.packs.install(alice, 'target', { packs })).operation);
}

/** What the guest remembers. */
export async function remembered(plane: FakeControlPlane, name = 'target'): Promise<string | null | undefined> {
  return (await plane.look()).environments.find((each) => each.name === name)?.memory;
}

export function installed(plane: FakeControlPlane, name = 'target'): string[] {
  return plane.packs.installed(alice, name).map((pack: InstalledPack) => `${pack.name} ${pack.version}${pack.complete ? '' : ` up to ${pack.steps.at(-1)}`}`);
}

export function history(plane: FakeControlPlane, name = 'target'): string[] {
  return plane.packs.history(alice, name, { limit: 100 }).items.map(({ number, action, pack, version, step, current, snapshot }) => `${number}${current ? '*' : ''} ${action} ${pack} ${version}${step === null ? '' : ` ${step}`} ${snapshot ?? '-'}`);
}
