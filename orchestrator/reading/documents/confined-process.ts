// The command line that runs a program without rights: limits on memory and CPU time, no core, no new files; as root also without a network and as a user that nothing belongs to.
import { randomInt } from 'node:crypto';

export interface Limits {
  /** Of data: the heap and what else is private and writable. */
  memoryMiB: number;
  cpuSeconds: number;
}

/** Users below those of VMs; each process has its own, so that one cannot reach into another. */
const firstUser = 0x6ff0_0000;

export function confined(program: string, args: readonly string[], { memoryMiB, cpuSeconds }: Limits): string[] {
  const asRoot = process.getuid?.() === 0;
  const user = String(firstUser + randomInt(0xf_ffff));
  return [
    ...(asRoot ? ['unshare', '--net', '--ipc', '--'] : []),
    'prlimit', `--data=${memoryMiB * 1024 * 1024}`, `--cpu=${cpuSeconds}`, '--core=0', '--fsize=0', '--nofile=128', '--',
    'setpriv', '--no-new-privs', '--pdeathsig=KILL', ...(asRoot ? [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'] : []), '--',
    program, ...args,
  ];
}
