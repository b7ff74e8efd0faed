// Lists everything that Somnus can leave on a host, so that a test can compare before and after.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../common/run-command.ts';
import type { PlaneClient } from './control-plane.ts';

export interface Inventory {
  domains: string[];
  taps: string[];
  filterElements: number;
  folders: string[];
  /** The content of each environment's folder, two levels deep. */
  contents: string[];
  staging: string[];
  keys: string[];
  runFolders: string[];
  quarantine: string[];
  processes: string[];
}

/** What exists of one control plane now. Processes are named by what they are, without numbers. */
export async function inventory(plane: PlaneClient): Promise<Inventory> {
  const installation = await plane.installation();
  const lines = async (program: string, ...args: string[]): Promise<string[]> => (await runCommand(...plane.within(program, args))).stdout.split('\n').map((line) => line.trim()).filter(Boolean);
  const folder = async (...path: string[]): Promise<string[]> => (await readdir(join(plane.root, plane.dataDir, ...path)).catch((): string[] => [])).toSorted();
  const environments = await folder('pool', 'environments');
  const table = await lines('nft', 'list', 'table', 'inet', `somnus_${installation}`).catch(() => []);
  return {
    domains: (await lines('virsh', '--quiet', 'list', '--all', '--name')).filter((name) => name.startsWith(`somnus-${installation}-`)).toSorted(),
    taps: (await lines('ip', '-o', 'link')).flatMap((line) => (line.includes(`smn${installation}-`) ? [line.split(': ')[1]?.split('@')[0] ?? ''] : [])).toSorted(),
    filterElements: table.join(' ').split(`smn${installation}-`).length,
    folders: environments,
    contents: (await Promise.all(environments.map(async (id) => [
      ...(await folder('pool', 'environments', id)).map((name) => `${id}/${name}`), ...(await folder('pool', 'environments', id, 'snapshots')).map((name) => `${id}/snapshots/${name}`),
    ]))).flat(),
    staging: await folder('pool', 'staging'),
    keys: await folder('keys'),
    runFolders: await folder('run'),
    quarantine: [...await folder('quarantine'), ...await folder('pool', 'quarantine')],
    processes: (await processes()).filter((command) => command.includes(plane.dataDir)).map((command) => command.split(' ')[0] ?? '').toSorted(),
  };
}

async function processes(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map(async (pid) => await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '')));
  return commands.map((command) => command.replaceAll('\0', ' ').trim()).filter(Boolean);
}
