// Checks the running system to confirm what a log line says. A line alone never triggers a fix: it may be old, wrong, or written to deceive.
import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fix } from '../errors/fixes/fix.ts';
import type { RunProgram } from '../watch/run-program.ts';

const FULL_SHARE = 0.05;
const FULL_BYTES = 256 * 2 ** 20;
const FULL_INODES_SHARE = 0.01;
const DEVICE = 'eth0';
const SYSTEMCTL_MS = 20_000;
const DOWNLOAD_MS = 30_000;

/** Whether the cause that the fix is for exists now; undefined for a fix without a probe. */
export async function confirmed({ probe, command, probeArguments: [configured = '', other = ''] = [] }: Fix, run: RunProgram, root = '/'): Promise<boolean | undefined> {
  switch (probe) {
    case 'disk-full': return diskFull(root);
    case 'network-down': return networkDown(root);
    case 'unit-failed': return (await run(['systemctl', 'is-failed', '--quiet', command?.at(-1) ?? ''], SYSTEMCTL_MS)).code === 0;
    case 'package-server-down': return !(await packageServerAnswers(configured, run)) && await packageServerAnswers(other, run);
    case undefined: return undefined;
    default: return undefined;
  }
}

/** Downloads a small file with apt, which uses the proxies configured in this VM. */
async function packageServerAnswers(server: string, run: RunProgram): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'somnus-probe-'));
  try {
    const options = ['-o', 'Acquire::Retries=0', '-o', 'Acquire::http::Timeout=10', '-o', 'Acquire::http::No-Cache=true'];
    return (await run(['/usr/lib/apt/apt-helper', ...options, 'download-file', `http://${server}/debian/dists/stable/Release.gpg`, join(folder, 'probe')], DOWNLOAD_MS)).code === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function diskFull(root: string): boolean {
  const { blocks, bavail, bsize, files, ffree } = statfsSync(root);
  return bavail * bsize < Math.min(FULL_BYTES, blocks * bsize * FULL_SHARE) || (files > 0 && ffree / files < FULL_INODES_SHARE);
}

/** No link, or no default route. */
function networkDown(root: string): boolean {
  try {
    const state = readFileSync(join(root, 'sys/class/net', DEVICE, 'operstate'), 'latin1').trim();
    const routes = readFileSync(join(root, 'proc/net/route'), 'latin1').split('\n').map((row) => row.split('\t'));
    return state === 'down' || !routes.some(([device, destination]) => device === DEVICE && destination === '00000000');
  } catch {
    return true; // the device is gone
  }
}
