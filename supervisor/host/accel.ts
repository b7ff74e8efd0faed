// Chooses the accelerator for guests. Only a guest that reaches user space proves that KVM works: libvirt and /dev/kvm may both be available on a
// host where nothing boots.
import { constants, access, readFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { once } from 'node:events';
import { z } from 'zod';
import { stretched } from '../../common/deadline.ts';
import { readJsonFile, writeFileDurably } from '../../common/durable-file.ts';
import { PROBE_MARKER } from '../../images/guest-initrd.ts';
import type { Logger } from '../../common/log.ts';
import { helperVmArgs } from './helper-vm.ts';

/** A KVM host takes about a second. */
const PROBE_TIMEOUT_MS = 20_000;

const AccelVerdict = z.strictObject({
  use: z.enum(['kvm', 'tcg']),
  reason: z.string(),
  /** Boot id of the host: the next boot may have another kernel. */
  bootId: z.string(),
  qemuVersion: z.string(),
});
export type AccelVerdict = z.infer<typeof AccelVerdict>;

export interface AccelOptions {
  setting: 'auto' | 'kvm' | 'tcg';
  /** File in which the verdict is saved. */
  file: string;
  qemuVersion: string;
  /** Kernel and initrd of a guest that prints the marker and ends; see images/. */
  probe: { kernel: string; initrd: string };
  log: Logger;
  signal?: AbortSignal | undefined;
  /** Probe now, even if there is a verdict for this boot of the host. */
  again?: boolean | undefined;
}

/** Returns the verdict of an earlier start, if it is from this boot of the host. */
export async function rememberedAccel(file: string): Promise<AccelVerdict | undefined> {
  const verdict = await readJsonFile(file, AccelVerdict).catch(() => undefined);
  return verdict?.bootId === await hostBootId() ? verdict : undefined;
}

/**
 * Returns the host's accelerator: as configured, or tested once per boot of the host. Never throws: if KVM is not proven, returns TCG with the
 * reason. A failure is not final, since a busy host may be too slow for the probe; KVM that was proven during this boot stays proven.
 */
export async function chooseAccel(options: AccelOptions): Promise<AccelVerdict> {
  const bootId = await hostBootId();
  const verdict = (use: 'kvm' | 'tcg', reason: string): AccelVerdict => ({ use, reason, bootId, qemuVersion: options.qemuVersion });
  if (options.setting !== 'auto') return verdict(options.setting, 'set in the configuration');
  if (!(await access('/dev/kvm', constants.R_OK | constants.W_OK).then(() => true, () => false))) return verdict('tcg', 'this host has no /dev/kvm');
  const remembered = await rememberedAccel(options.file);
  const known = remembered?.qemuVersion === options.qemuVersion ? remembered : undefined;
  if (known && !options.again) return known;
  const failure = await whyNotBooting('kvm', options.probe, PROBE_TIMEOUT_MS, options.signal);
  const proven = failure === undefined
    ? verdict('kvm', 'a probe guest reached user space under KVM')
    : verdict('tcg', `a probe guest did not boot under KVM: ${failure}`);
  if (proven.use === 'tcg' && known?.use === 'kvm') return known;
  if (proven.use === 'tcg') options.log.warn({ event: 'accel.fell-back-to-tcg', reason: proven.reason });
  await writeFileDurably(options.file, JSON.stringify(proven));
  return proven;
}

/** Whether the host has CPU to spare, so that a failed probe says something about KVM. */
export function hostIsIdle(): boolean {
  return (loadavg()[0] ?? 0) < cpus().length / 2;
}

async function hostBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/** Boots a guest that only reports that it reached user space. @returns undefined if it did, otherwise why not */
export async function whyNotBooting(accel: 'kvm' | 'tcg', probe: { kernel: string; initrd: string }, timeoutMs: number, signal?: AbortSignal): Promise<string | undefined> {
  const stretchedMs = stretched(timeoutMs);
  const deadline = AbortSignal.timeout(stretchedMs);
  const qemu = spawn('qemu-system-x86_64', [
    ...helperVmArgs(accel, 256), '-sandbox', 'on',
    '-kernel', probe.kernel, '-initrd', probe.initrd, '-append', 'console=ttyS0 panic=-1 rdinit=/probe',
  ], { stdio: ['ignore', 'pipe', 'pipe'] });
  let console = '';
  let stderr = '';
  const reached = Promise.withResolvers<'reached'>();
  qemu.stdout.on('data', (chunk: Buffer) => {
    console = (console + chunk.toString('latin1')).slice(-4096);
    if (console.includes(PROBE_MARKER)) reached.resolve('reached');
  });
  qemu.stderr.on('data', (chunk: Buffer) => { stderr = (stderr + chunk.toString('latin1')).slice(-500); });
  try {
    const stop = signal ? AbortSignal.any([signal, deadline]) : deadline;
    const outcome = await Promise.race([
      reached.promise,
      once(qemu, 'exit', { signal: stop }).then(() => 'ended' as const),
      once(qemu, 'error', { signal: stop }).then(() => 'ended' as const),
    ]).catch(() => 'silent' as const);
    if (outcome === 'reached') return undefined;
    if (outcome === 'ended') return stderr.trim().split('\n').at(-1) || 'QEMU ended';
    return `no sign of user space within ${stretchedMs / 1000} s`;
  } finally {
    qemu.kill('SIGKILL');
  }
}
