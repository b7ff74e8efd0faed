// The command line that runs a program without privileges: limits on memory and CPU time, no core dumps, no new files; when started by root, also without a network and as a user that owns nothing.
import { randomInt } from 'node:crypto';

export interface Limits {
  /** Limit of the data segment: the heap and other private writable memory. */
  memoryMiB: number;
  cpuSeconds: number;
}

/** User ids below those of VMs. Each process has its own user, so that one cannot access another. */
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
