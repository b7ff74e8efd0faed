// AppArmor profiles of VMs. libvirt confines each QEMU with its own profile, `libvirt-<uuid>`. At each start its virt-aa-helper writes the rules for
// the files in the domain's XML to `libvirt-<uuid>.files`, and creates the profile from a template unless it exists. Guest RAM and the socket for
// device state are not in the XML, so we create the profile ourselves, with rules for these two: no VM may open another's.
// https://libvirt.org/drvqemu.html#apparmor-svirt-confinement
import { readdir, readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../../common/durable-file.ts';
import { SomnusError } from '../../common/errors.ts';

export interface ConfinedVm {
  uuid: string;
  environmentId: string;
  /** Folder and name of each file that QEMU itself opens for reading and writing, or creates. The folder must exist. */
  files: readonly { folder: string; name: string }[];
}

const ENABLED = 'sys/module/apparmor/parameters/enabled';
const PROFILES = 'etc/apparmor.d/libvirt';
const TEMPLATE = 'TEMPLATE.qemu';
const PROFILE_NAME = /^libvirt-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether this kernel confines programs with AppArmor. */
export async function isAppArmorOn(root = '/'): Promise<boolean> {
  return (await readFile(join(root, ENABLED), 'utf8').catch(() => '')).startsWith('Y');
}

/**
 * Writes the VM's profile, which libvirt loads when the VM starts. Does nothing if the kernel has no AppArmor or libvirt has no template. Call it
 * before each start, because folders may have moved. Repeatable.
 */
export async function writeProfile(vm: ConfinedVm, root = '/'): Promise<void> {
  if (!(await isAppArmorOn(root))) return;
  const template = await readFile(join(root, PROFILES, TEMPLATE), 'utf8').catch(() => undefined);
  if (template === undefined) return;
  const files = await Promise.all(vm.files.map(async ({ folder, name }) => join(await realpath(folder), name))); // AppArmor sees paths with symbolic links resolved
  await writeFileDurably(join(root, PROFILES, profileName(vm.uuid)), profileText(template, { ...vm, files }), 0o644);
}

/** Removes the VM's profile and libvirt's file beside it; the VM must be off, so that libvirt has unloaded it. Repeatable. */
export async function removeProfile(uuid: string, root = '/'): Promise<void> {
  for (const name of [profileName(uuid), `${profileName(uuid)}.files`]) await rm(join(root, PROFILES, name), { force: true });
}

/**
 * Removes every profile that grants access to something in this folder (a path without symbolic links), ours and libvirt's. For uninstalling, when no
 * VM runs.
 */
export async function removeProfilesFor(folder: string, root = '/'): Promise<void> {
  const directory = join(root, PROFILES);
  const names = (await readdir(directory).catch(() => [])).filter((name) => PROFILE_NAME.test(name));
  for (const name of names) {
    const texts = await Promise.all([name, `${name}.files`].map(async (file) => await readFile(join(directory, file), 'utf8').catch(() => '')));
    if (texts.some((text) => text.includes(`"${escapePath(folder)}/`))) await removeProfile(name.replace('libvirt-', ''), root);
  }
}

export function profileName(uuid: string): string {
  return `libvirt-${uuid}`;
}

export function profilePath(uuid: string): string {
  return join('/', PROFILES, profileName(uuid));
}

/** Returns what virt-aa-helper would make of the template, plus our rules. Pure. @throws config_invalid when the template does not have the expected form */
export function profileText(template: string, vm: { uuid: string; environmentId: string; files: readonly string[] }): string {
  const name = profileName(vm.uuid);
  const end = template.lastIndexOf('\n}');
  if (!template.includes('LIBVIRT_TEMPLATE') || end === -1) {
    throw new SomnusError('config_invalid', `libvirt's AppArmor template ${join('/', PROFILES, TEMPLATE)} is not a profile named LIBVIRT_TEMPLATE`, { hint: 'Restore the file from the package libvirt-daemon-system.' });
  }
  const rules = vm.files.map((file) => `  owner "${escapePath(file)}" rw,\n`).join('');
  return `# Written by Somnus for ${vm.environmentId} at each start; put your own rules in local/abstractions/libvirt-qemu.\n${
    template.slice(0, end).replace('LIBVIRT_TEMPLATE', name)}\n  #include <libvirt/${name}.files>\n${rules}${template.slice(end + 1)}`;
}

/** Escapes characters that are patterns in a rule. */
function escapePath(path: string): string {
  return path.replaceAll(/[\\"*?[\]{}^]/g, '\\$&');
}
