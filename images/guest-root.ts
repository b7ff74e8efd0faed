// Builds the guest's root folder: Debian by mmdebstrap, then our files, Node, and files from the host's settings. Needs no loop device and no mounts
// of our own.
import { cp, mkdir, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SomnusError } from '../common/errors.ts';
import { runCommand } from '../common/run-command.ts';
import { guestSources, oneLine, type AptSource } from './apt-sources.ts';
import type { BuildAccess, HostSettings } from './host-settings.ts';
import type { Recipe } from './recipe.ts';

const MMDEBSTRAP_TIMEOUT_MS = 30 * 60_000;
const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

/** Where mmdebstrap stores its options in the root. */
const MMDEBSTRAP_OPTIONS = 'etc/apt/apt.conf.d/99mmdebstrap';

/**
 * Runs mmdebstrap into `rootDir`, which must not exist. All its processes end with it, even when the builder is killed. The host's passwords are
 * passed in files in `workDir`, so that they do not appear in process lists or in the root.
 */
export async function installDebian(rootDir: string, options: { recipe: Pick<Recipe, 'suite' | 'packages' | 'excludedPaths' | 'includedPaths'>; settings: HostSettings; access: BuildAccess; workDir: string; signal: AbortSignal }): Promise<void> {
  const { recipe, settings, access, workDir, signal } = options;
  const lines = (sources: readonly AptSource[]): string[] => guestSources(sources, recipe.suite).map(oneLine);
  const guestOptions = ['Acquire::Languages "none";', ...settings.aptOptions];
  const [authFile, optionsFile] = [join(workDir, 'auth.conf'), join(workDir, 'apt.conf')];
  await writeFile(authFile, access.aptAuth, { mode: 0o600 });
  await writeFile(optionsFile, ['Acquire::Languages "none";', ...access.aptOptions, `Dir::Etc::netrc "${authFile}";`, ''].join('\n'), { mode: 0o600 });
  await runContained('mmdebstrap', [
    '--mode=root', '--variant=minbase', '--format=directory', '--quiet',
    `--include=${recipe.packages.join(',')}`,
    `--aptopt=${optionsFile}`,
    ...recipe.excludedPaths.map((path) => `--dpkgopt=path-exclude=${path}`),
    ...recipe.includedPaths.map((path) => `--dpkgopt=path-include=${path}`),
    recipe.suite, rootDir, ...lines(access.aptSources),
  ], { timeoutMs: MMDEBSTRAP_TIMEOUT_MS, signal });
  await writeFile(join(rootDir, 'etc/apt/sources.list'), `${lines(settings.aptSources).join('\n')}\n`);
  await writeFile(join(rootDir, MMDEBSTRAP_OPTIONS), `${guestOptions.join('\n')}\n`);
  for (const file of [authFile, optionsFile]) await rm(file);
}

/** Copies our files over Debian's, adds Node and the agent, and removes what must differ between VMs. */
export async function customizeRoot(rootDir: string, options: {
  recipe: Recipe;
  settings: HostSettings;
  overlayDir: string;
  nodePrefix: string;
  agentCode: string;
  signal: AbortSignal;
}): Promise<void> {
  const { recipe, settings, signal } = options;
  const inRoot = async (program: string, ...args: string[]): Promise<void> => {
    await runContained('chroot', [rootDir, program, ...args], { timeoutMs: 120_000, signal });
  };
  await cp(options.overlayDir, rootDir, { recursive: true });
  await writeFiles(rootDir, settingsFiles(settings));
  await copyNode(options.nodePrefix, join(rootDir, 'usr/local'));
  await writeFiles(rootDir, { 'usr/local/lib/somnus/agent.js': options.agentCode });
  if (settings.caCertificates.length > 0) await inRoot('update-ca-certificates');
  if (recipe.heldPackages.length > 0) await inRoot('apt-mark', 'hold', ...recipe.heldPackages);
  await inRoot('systemctl', 'mask', ...recipe.units.mask);
  await inRoot('systemctl', 'enable', ...recipe.units.enable);
  await inRoot('systemctl', 'set-default', recipe.units.default);
  const generatorsDir = join(rootDir, 'etc/systemd/system-generators');
  await mkdir(generatorsDir, { recursive: true });
  for (const generator of recipe.units.maskGenerators) await symlink('/dev/null', join(generatorsDir, generator));
  await removeIdentity(rootDir);
  // The host boots the kernel directly; files here would only be copied with each image.
  for (const file of await readdir(join(rootDir, 'boot'))) if (!file.startsWith('config-')) await rm(join(rootDir, 'boot', file), { recursive: true });
}

/** Returns the release and the file of the kernel that mmdebstrap installed. @throws SomnusError `internal` unless there is exactly one */
export async function installedKernel(rootDir: string): Promise<{ release: string; file: string }> {
  const kernels = (await readdir(join(rootDir, 'boot'))).filter((name) => name.startsWith('vmlinuz-'));
  const [kernel] = kernels;
  if (kernel === undefined || kernels.length > 1) throw new SomnusError('internal', `Expected one kernel in the guest, but found ${kernels.length}`);
  return { release: kernel.slice('vmlinuz-'.length), file: join(rootDir, 'boot', kernel) };
}

export async function installedPackages(rootDir: string, signal: AbortSignal): Promise<{ name: string; version: string }[]> {
  const { stdout } = await runCommand('dpkg-query', [`--admindir=${join(rootDir, 'var/lib/dpkg')}`, '--show', '--showformat=${Package} ${Version}\\n'], { signal });
  return stdout.trim().split('\n').map((line) => {
    const [name = '', version = ''] = line.split(' ');
    return { name, version };
  });
}

/** Returns the files that apply the host's settings in the guest, by path in the root. Pure. */
export function settingsFiles(settings: HostSettings): Record<string, string> {
  const ownCertificates = settings.caCertificates.length > 0;
  const environment: Record<string, string> = {
    LANG: 'C.UTF-8',
    // Node and Python's requests have their own certificates.
    ...(ownCertificates ? { NODE_EXTRA_CA_CERTS: CA_BUNDLE, REQUESTS_CA_BUNDLE: CA_BUNDLE } : {}),
    ...settings.proxies,
  };
  const variables = Object.entries(environment).map(([name, value]) => `${name}="${value}"`);
  const pip = { ...(ownCertificates ? { cert: CA_BUNDLE } : {}), ...settings.pip };
  const files: Record<string, string> = {
    'etc/environment': `${variables.join('\n')}\n`,
    'etc/default/locale': 'LANG=C.UTF-8\n',
    // sshd without PAM does not read /etc/environment, and uses only the first SetEnv. Without SHLVL, bash takes each command for a remote shell's
    // and reads ~/.bashrc first, which is slow and adds its output to the command's.
    'etc/ssh/sshd_config.d/somnus-environment.conf': `SetEnv SHLVL=1 ${variables.join(' ')}\n`,
    // The whole VM belongs to its user, so pip's packages need no separation from Debian's.
    'etc/pip.conf': `[global]\nbreak-system-packages = true\n${Object.entries(pip).map(([name, value]) => `${name} = ${value}\n`).join('')}`,
    'usr/local/etc/npmrc': [...(ownCertificates ? [`cafile=${CA_BUNDLE}`] : []), 'update-notifier=false', ...settings.npm, ''].join('\n'),
  };
  for (const { name, content } of settings.caCertificates) files[`usr/local/share/ca-certificates/${name}`] = content;
  return files;
}

/** Copies node, npm and npx; the prefix may be a system's (`/usr`). @throws SomnusError `not_found` when npm is not installed with node */
export async function copyNode(prefix: string, target: string): Promise<void> {
  await cp(process.execPath, join(target, 'bin/node'));
  await cp(join(prefix, 'lib/node_modules/npm'), join(target, 'lib/node_modules/npm'), { recursive: true, verbatimSymlinks: true }).catch((cause: unknown) => {
    throw new SomnusError('not_found', `npm is not installed with this Node: ${join(prefix, 'lib/node_modules/npm')} is missing`, { cause, hint: 'Run the build with a Node that includes npm.' });
  });
  for (const tool of ['npm', 'npx']) await symlink(`../lib/node_modules/npm/bin/${tool}-cli.js`, join(target, 'bin', tool));
}

async function writeFiles(rootDir: string, files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(rootDir, path)), { recursive: true });
    await writeFile(join(rootDir, path), content);
  }
}

/** Removes machine id, host keys and host name, which the host sends at the first boot. */
async function removeIdentity(rootDir: string): Promise<void> {
  // Empty, not missing: without the file systemd would assume a first boot and set up all units again.
  await truncate(join(rootDir, 'etc/machine-id'));
  await rm(join(rootDir, 'var/lib/dbus/machine-id'), { force: true });
  for (const name of await readdir(join(rootDir, 'etc/ssh'))) if (name.startsWith('ssh_host_')) await rm(join(rootDir, 'etc/ssh', name));
  await writeFile(join(rootDir, 'etc/hostname'), 'somnus\n');
  await writeFile(join(rootDir, 'etc/hosts'), '127.0.0.1 localhost\n127.0.1.1 somnus\n');
  await rm(join(rootDir, 'etc/resolv.conf'), { force: true });
  await writeFile(join(rootDir, 'etc/resolv.conf'), '');
  for (const path of ['var/lib/systemd/random-seed', 'root/.ssh']) await rm(join(rootDir, path), { recursive: true, force: true });
}

/**
 * Runs a program in its own process namespace, so that nothing it started outlives it: when it or this process is killed, the kernel ends all its
 * processes and removes their mounts.
 */
async function runContained(program: string, args: readonly string[], options: { timeoutMs: number; signal: AbortSignal }): Promise<void> {
  await runCommand('setpriv', ['--pdeathsig', 'KILL', 'unshare', '--pid', '--fork', '--kill-child', '--mount-proc', program, ...args], {
    ...options,
    // The image must not depend on the builder's locale, and a kernel's post-install script must not build an initrd: we build our own.
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive', INITRD: 'No' },
  });
}

