// The guest's initial RAM disk: busybox, the few kernel modules that the root disk and the devices need, and a short script. Small on purpose:
// unpacking a standard initrd alone takes longer on an emulated CPU than this one takes in total.
import { copyFile, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SomnusError } from '../common/errors.ts';
import { runCommand } from '../common/run-command.ts';
import { cpioArchive } from './cpio-archive.ts';

export interface InitrdOptions {
  rootDir: string;
  kernelRelease: string;
  /** Loaded in this order, each after its dependencies. */
  modules: readonly string[];
  /** An existing folder for temporary files. */
  workDir: string;
  signal: AbortSignal;
}

/** @throws SomnusError `not_found` for a module that the kernel in `rootDir` does not have */
export async function guestInitrd({ rootDir, kernelRelease, modules, workDir, signal }: InitrdOptions): Promise<Buffer> {
  const moduleDir = join(rootDir, 'usr/lib/modules', kernelRelease);
  const files = moduleFiles(await readFile(join(moduleDir, 'modules.dep'), 'utf8'), modules);
  const contents = await Promise.all(files.map(async (file) => ({ name: moduleName(file), content: await plainModule(join(moduleDir, file), workDir, signal) })));
  return cpioArchive([
    { kind: 'folder', path: 'dev' },
    { kind: 'folder', path: 'root' },
    { kind: 'folder', path: 'sys' },
    { kind: 'character device', path: 'dev/console', major: 5, minor: 1 },
    { kind: 'file', path: 'busybox', content: await readFile(join(rootDir, 'usr/bin/busybox')), executable: true },
    { kind: 'file', path: 'init', content: Buffer.from(initScript(contents.map(({ name }) => name))), executable: true },
    { kind: 'file', path: 'probe', content: Buffer.from(probeScript), executable: true },
    ...contents.map(({ name, content }) => ({ kind: 'file' as const, path: `${name}.ko`, content })),
  ]);
}

/** Printed by the initrd when it is started with `rdinit=/probe`; proves that an accelerator boots a guest into user space. */
export const PROBE_MARKER = 'somnus: user space reached';

const probeScript = `#!/busybox sh
/busybox echo '${PROBE_MARKER}'
exec /busybox poweroff -f
`;

function initScript(modules: readonly string[]): string {
  return `#!/busybox sh
/busybox mount -t devtmpfs dev /dev
for module in ${modules.join(' ')}; do /busybox insmod /$module.ko; done
# Reading node and systemd waits for the disk only a third as often.
/busybox mount -t sysfs sys /sys && echo 1024 > /sys/block/vda/queue/read_ahead_kb
/busybox mount -t ext4 -o noatime,discard /dev/vda /root || exec /busybox poweroff -f
# An empty libbpf only for systemd, which otherwise has the kernel verify programs for a second, for features that no unit here uses.
export LD_LIBRARY_PATH=/usr/local/lib/somnus/no-bpf
exec /busybox switch_root /root /sbin/init
`;
}

/** Returns the paths of the modules and their dependencies, dependencies first. `modules.dep` has a line `file: dependencies…` per module. */
export function moduleFiles(modulesDep: string, modules: readonly string[]): string[] {
  const dependencies = new Map(modulesDep.split('\n').filter((line) => line.includes(':')).map((line) => {
    const [file = '', rest = ''] = line.split(':');
    return [file, rest.trim().split(' ').filter((path) => path !== '')] as const;
  }));
  const ordered: string[] = [];
  for (const module of modules) {
    const file = [...dependencies.keys()].find((path) => moduleName(path) === module.replaceAll('_', '-'));
    if (file === undefined) throw new SomnusError('not_found', `The guest's kernel has no module ${module}`);
    // modules.dep lists the nearest dependency first and the deepest last.
    for (const path of [...(dependencies.get(file) ?? []).toReversed(), file]) if (!ordered.includes(path)) ordered.push(path);
  }
  return ordered;
}

/** Returns a module's name with dashes; file names mix dashes and underscores. */
function moduleName(file: string): string {
  return basename(file).replace(/\.ko(\.\w+)?$/, '').replaceAll('_', '-');
}

/** Reads a module, uncompressed in `workDir` if needed: Debian compresses its modules, and busybox loads only uncompressed ones. */
async function plainModule(file: string, workDir: string, signal: AbortSignal): Promise<Buffer> {
  const copy = join(workDir, basename(file));
  await copyFile(file, copy);
  if (copy.endsWith('.xz')) await runCommand('xz', ['--decompress', copy], { signal });
  return await readFile(copy.replace(/\.xz$/, ''));
}
