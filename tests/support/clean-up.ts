// Removes what test runs left on this host because they were killed or failed before their own cleanup: processes, control planes with their VMs, networks and pools, private hosts, temporary folders.
//   node tests/support/clean-up.ts RUN-ID   prints what it removed; the exit code says whether it removed anything
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { loadConfig } from '../../common/config.ts';
import { pollUntil } from '../../common/deadline.ts';
import { createLogger } from '../../common/log.ts';
import { runCommand } from '../../common/run-command.ts';
import { tearDown } from '../../deploy/tear-down.ts';

/** Socket paths have at most 107 characters, and the pool needs a real disk. */
export const DATA_ROOT = '/var/tmp';
/** In the environment of every process that a test run starts. */
export const RUN_ID = 'TEST_RUN_ID';
const NAME = /^smn-(?:host-)?(\d+)-/;

/** A name below DATA_ROOT that identifies its process. */
export function ownedName(kind: 'plane' | 'host', suffix: string): string {
  return `smn-${kind === 'host' ? 'host-' : ''}${process.pid}-${suffix}`;
}

/** A prefix for temporary folders that identifies their process by its id and start time, since ids are reused. */
export function ownedPrefix(kind: 'somnus-tests' | 'smn'): string {
  return `${kind}-${process.pid}-${startOf(String(process.pid))}-`;
}

/** Makes a folder on disk, even if the folder for temporary files is in memory. The caller removes it; if this process is killed, the next test run does. */
export async function makeDiskFolder(): Promise<string> {
  return await mkdtemp(join(DATA_ROOT, ownedPrefix('somnus-tests')));
}

const TEMPORARY = /^(?:somnus-tests|smn)-(\d+)-(\d+)-/;
const temporaryRoots = (): string[] => [tmpdir(), '/dev/shm', DATA_ROOT];

/** In the kernel's ticks since the host started; empty for a process that does not run. The name in the second field may contain spaces. */
function startOf(pid: string): string {
  try {
    return readFileSync(join('/proc', pid, 'stat'), 'utf8').split(') ').at(-1)?.split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/**
 * @param runId the test run whose processes are ended; `spare` names those that may continue
 * @returns a line for each thing that it removed
 */
export async function cleanUp(runId?: string, spare = '\0'): Promise<string[]> {
  const removed: string[] = [];
  if (runId !== undefined) removed.push(...await killAll(({ environ, command }) => environ.includes(`${RUN_ID}=${runId}\0`) && !command.includes(spare)));
  for (const name of await readdir(DATA_ROOT)) {
    const owner = NAME.exec(name)?.[1];
    if (owner === undefined || await isAlive(owner)) continue;
    const path = join(DATA_ROOT, name);
    const remove = name.endsWith('.yaml') ? removePlane : name.startsWith('smn-host-') ? removeHost : undefined;
    if (!remove) continue; // removed with its configuration
    removed.push(await remove(path).then(() => path, (error: unknown) => `${path}, not completely: ${String(error)}`));
  }
  return [...removed, ...await removeTemporaryFolders()];
}

/** Removes the folders of processes that no longer run, and ends programs that still use them. @returns the paths of the folders */
export async function removeTemporaryFolders(): Promise<string[]> {
  const removed: string[] = [];
  for (const root of temporaryRoots()) {
    for (const name of await readdir(root).catch(() => [])) {
      const [, pid, start] = TEMPORARY.exec(name) ?? [];
      if (pid === undefined || startOf(pid) === start) continue;
      const folder = join(root, name);
      await killAll(({ command, mounts }) => command.includes(`${folder}/`) || mounts.includes(`/${name}/`));
      await rm(folder, { recursive: true, force: true });
      removed.push(folder);
    }
  }
  return removed;
}

async function removePlane(configFile: string): Promise<void> {
  const config = loadConfig(configFile);
  await killAll((process) => process.environ.includes(`${configFile}\0`) || process.command.includes(config.dataDir));
  await unmountBelow(`${config.dataDir}/pool/`); // what tests have mounted there
  await tearDown(config, createLogger({ level: 'warn' }), { keepData: false });
  await unmountBelow(config.dataDir); // and beside it
  await rm(config.dataDir, { recursive: true, force: true });
  await rm(`${config.dataDir}.img`, { force: true }); // the disk that held its data folder
  await rm(configFile, { force: true });
}

async function unmountBelow(prefix: string): Promise<void> {
  const points = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '');
  for (const point of points.filter((path) => path.startsWith(prefix)).toReversed()) await runCommand('umount', ['--lazy', point]);
}

async function removeHost(home: string): Promise<void> {
  await killAll((process) => process.mounts.includes(`/${basename(home)}/`));
  await rm(home, { recursive: true, force: true });
}

interface Process { pid: string; command: string; environ: string; mounts: string }

async function killAll(isWanted: (process: Process) => boolean): Promise<string[]> {
  const killed: string[] = [];
  await pollUntil('processes of an earlier test run to end', { timeoutMs: 60_000, intervalMs: 100 }, async () => {
    const found = (await processes()).filter((candidate) => candidate.pid !== String(process.pid) && isWanted(candidate));
    for (const { pid, command } of found) {
      try {
        process.kill(Number(pid), 'SIGKILL');
        killed.push(`process ${command}`);
      } catch {
        // It has ended since.
      }
    }
    return found.length === 0 ? true : undefined;
  });
  return [...new Set(killed)];
}

async function processes(): Promise<Process[]> {
  const read = async (pid: string, file: string): Promise<string> => await readFile(join('/proc', pid, file), 'utf8').catch(() => '');
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const own = await readlink('/proc/self/ns/mnt');
  const all = await Promise.all(pids.map(async (pid) => ({
    pid, command: (await read(pid, 'cmdline')).replaceAll('\0', ' ').trim(), environ: await read(pid, 'environ'),
    // Only processes in their own mount namespace: the host's mounts name every test's folders.
    mounts: await readlink(join('/proc', pid, 'ns/mnt')).catch(() => own) === own ? '' : await read(pid, 'mountinfo'),
  })));
  return all.filter(({ command }) => command !== '');
}

async function isAlive(pid: string): Promise<boolean> {
  return (await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '')).includes('node');
}

if (import.meta.main) {
  const removed = await cleanUp(process.argv[2]);
  process.stdout.write(removed.map((line) => `left behind and removed: ${line}\n`).join(''));
  process.exitCode = removed.length === 0 ? 0 : 1;
}
