// The guest's initial RAM disk: busybox, the few kernel modules that the root disk and the devices need, and a script of one screen.
// Small on purpose: the usual initrd takes longer to unpack in an emulated CPU than this one takes altogether.
import { copyFile, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SomnusError } from '../common/errors.ts';
import { runCommand } from '../common/run-command.ts';
import { cpioArchive } from './cpio-archive.ts';

export interface InitrdOptions {
  rootDir: string;
  kernelRelease: string;
  /** Loaded in this order, each after what it needs. */
  modules: readonly string[];
  /** An existing folder for what is made on the way. */
  workDir: string;
  signal: AbortSignal;
}

/** @throws SomnusError `not_found` for a module that the kernel in `rootDir` lacks. */
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

/** What the initrd says when it is started with `rdinit=/probe`: the proof that an accelerator carries a guest into user space. */
export const PROBE_MARKER = 'somnus: user space reached';

const probeScript = `#!/busybox sh
/busybox echo '${PROBE_MARKER}'
exec /busybox poweroff -f
`;

function initScript(modules: readonly string[]): string {
  return `#!/busybox sh
/busybox mount -t devtmpfs dev /dev
for module in ${modules.join(' ')}; do /busybox insmod /$module.ko; done
# A third of the waits for the disk while node and systemd are read in.
/busybox mount -t sysfs sys /sys && echo 1024 > /sys/block/vda/queue/read_ahead_kb
/busybox mount -t ext4 -o noatime,discard /dev/vda /root || exec /busybox poweroff -f
# An empty libbpf for systemd alone: otherwise it lets the kernel verify programs for a second, for features that no unit here uses.
export LD_LIBRARY_PATH=/usr/local/lib/somnus/no-bpf
exec /busybox switch_root /root /sbin/init
`;
}

/** Paths of the modules and of all they need, the needed ones first. `modules.dep` has a line `file: needs…` a module. */
export function moduleFiles(modulesDep: string, modules: readonly string[]): string[] {
  const needs = new Map(modulesDep.split('\n').filter((line) => line.includes(':')).map((line) => {
    const [file = '', rest = ''] = line.split(':');
    return [file, rest.trim().split(' ').filter((need) => need !== '')] as const;
  }));
  const ordered: string[] = [];
  for (const module of modules) {
    const file = [...needs.keys()].find((path) => moduleName(path) === module.replaceAll('_', '-'));
    if (file === undefined) throw new SomnusError('not_found', `The guest's kernel has no module ${module}`);
    // modules.dep lists the nearest need first and the deepest last.
    for (const path of [...(needs.get(file) ?? []).toReversed(), file]) if (!ordered.includes(path)) ordered.push(path);
  }
  return ordered;
}

/** Names in files have dashes or underscores at will; dashes here. */
function moduleName(file: string): string {
  return basename(file).replace(/\.ko(\.\w+)?$/, '').replaceAll('_', '-');
}

/** Debian compresses its modules; busybox is to load them as they are. Unpacks a copy in `workDir`. */
async function plainModule(file: string, workDir: string, signal: AbortSignal): Promise<Buffer> {
  const copy = join(workDir, basename(file));
  await copyFile(file, copy);
  if (copy.endsWith('.xz')) await runCommand('xz', ['--decompress', copy], { signal });
  return await readFile(copy.replace(/\.xz$/, ''));
}
