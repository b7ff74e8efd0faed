// What the QEMU of one VM can reach on the host if it is compromised, and what happens to environments when the configuration names another subnet. Real VMs, few and shared.
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../common/run-command.ts';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { Event } from '../../orchestrator/events/event.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { TestControlPlane } from '../support/control-plane.ts';
import { Outside } from '../support/network-namespaces.ts';
import { attempt, serve } from '../support/network-probes.ts';
import { holdSubnet } from '../support/subnets.ts';

const PROBE = readFileSync(resolve(import.meta.dirname, '../support/as_vm_user.py'), 'utf8');
const PORT = 9000;
/** User ids of VMs start here: supervisor/vms/vm-user.ts. */
const FIRST_UID = 0x7000_0000;

const made = new AsyncDisposableStack();
const outside = new Outside(97);
let somnus: TestControlPlane;
let installation: string;
/** `10.N.`, before and after. */
let former: string;
let present: string;

const show = async (name: string): Promise<Environment> => await somnus.json<Environment>('show', name);
const ids: Record<string, string> = {};
const poolFolder = (name: string): string => join(somnus.dataDir, 'pool', 'environments', ids[name] ?? '');
const runFolder = (name: string): string => join(somnus.dataDir, 'run', ids[name] ?? '');

beforeAll(async () => {
  await made.use(outside).prepare();
  made.use(await serve(outside, PORT));
  somnus = made.use(await TestControlPlane.withImage());
  installation = await somnus.installation();
  await somnus.ok('create', 'left', '--profile', 'idle');
  await somnus.ok('snapshot', 'create', 'left', 'base');
  await somnus.ok('fork', 'left', 'right', '--from', 'base');
  for (const name of ['left', 'right']) ids[name] = (await show(name)).id;
  former = (await show('left')).ip.replace(/\d+\.\d+$/, '');
});
afterAll(async () => { await made.disposeAsync(); });

async function qemu(name: string): Promise<{ uid: number; gid: number; seccomp: string; command: string }> {
  const pid = (await readFile(`/run/libvirt/qemu/somnus-${installation}-${ids[name]}.pid`, 'utf8')).trim();
  const [status = '', command = ''] = await Promise.all(['status', 'cmdline'].map(async (file) => await readFile(`/proc/${pid}/${file}`, 'utf8')));
  const field = (key: string): string => new RegExp(`^${key}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? '';
  return { uid: Number(field('Uid')), gid: Number(field('Gid')), seccomp: field('Seccomp'), command: command.replaceAll('\0', ' ') };
}

/** Everything in these folders except links, as the probe expects it. */
async function all(...folders: string[]): Promise<string[]> {
  const { stdout } = await runCommand('find', [...folders, '-xdev', '(', '-type', 'f', '-printf', 'file:%p\\n', '-o', '-type', 's', '-printf', 'socket:%p\\n', '-o', '-type', 'd', '-printf', 'folder:%p\\n', ')']);
  return stdout.split('\n').filter(Boolean);
}

/** What a process with the user and group of an environment's QEMU can do: the most that a compromised QEMU could, even outside its sandbox. */
async function reached(name: string, paths: readonly string[]): Promise<string[]> {
  const { uid, gid } = await qemu(name);
  const { stdout } = await runCommand('setpriv', [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--inh-caps=-all', '/usr/bin/python3', '-c', PROBE, ...paths]);
  return JSON.parse(stdout) as string[];
}

test('Each QEMU runs as its own user, in QEMU\'s sandbox', async () => {
  const [left, right] = await Promise.all([qemu('left'), qemu('right')]);
  expect(left.uid).toBeGreaterThanOrEqual(FIRST_UID);
  expect(right.uid).toBeGreaterThanOrEqual(FIRST_UID);
  expect(left.uid).not.toBe(right.uid);
  for (const { command, seccomp } of [left, right]) {
    expect(command).toMatch(/-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny/);
    expect(seccomp).toBe('2'); // a filter is in force
  }
});

test('That user can open its own memory and disk, and nothing of another VM, the data folder, keys or sockets', async () => {
  const pool = join(somnus.dataDir, 'pool');
  const own = join(runFolder('left'), 'qemu');
  const foreign = [
    ...await all(somnus.dataDir), ...await all(pool), `folder:${pool}`, // the pool is another file system
  ].filter((path) => !path.includes(own) && !path.includes(`${poolFolder('left')}/`));
  expect(foreign.filter((path) => path.includes(poolFolder('right'))).length).toBeGreaterThanOrEqual(5);
  expect(foreign.filter((path) => path.startsWith('socket:')).length).toBeGreaterThanOrEqual(2);
  // The file that tells `somnus down` where the control plane is need not be secret.
  expect(await reached('left', foreign)).toEqual([`read ${join(somnus.dataDir, 'run', 'control-plane.json')}`]);
  const files = ['disk', 'ram', 'kernel', 'initrd'].map((file) => join(poolFolder('left'), file));
  const modes = await Promise.all(files.map(async (file) => (await stat(file)).mode & 0o7777));
  try {
    const mine = await reached('left', await all(poolFolder('left')));
    const [disk, ram] = files; // kernel and initrd are for reading, until their owner changes that
    expect(mine.toSorted()).toEqual([...files.flatMap((file) => [`chmod ${file}`, `read ${file}`]), `write ${disk}`, `write ${ram}`].toSorted());
  } finally {
    for (const [index, file] of files.entries()) await chmod(file, modes[index] ?? 0o600); // the probe has changed them
  }
  expect((await reached('left', [`folder:${own}`])).map((each) => each.split(' ')[0])).toEqual(['list', 'plant', 'unplant']);
});

test('A fork does not inherit the mode that a QEMU sets on its disk', async () => {
  await chmod(join(poolFolder('left'), 'disk'), 0o4755);
  await somnus.ok('fork', 'left', 'off');
  ids['off'] = (await show('off')).id;
  expect((await stat(join(poolFolder('off'), 'disk'))).mode & 0o7777).toBe(0o600);
  expect(new Set(await Promise.all(['left', 'right', 'off'].map(async (name) => (await qemu(name)).uid))).size).toBe(3);
});

/** Everything on the host that has an address: devices, routes, neighbors, filters. */
async function hostNetwork(): Promise<string> {
  const commands = [['ip', 'address'], ['ip', 'route', 'show', 'table', 'all'], ['ip', 'neighbour', 'show', 'nud', 'permanent'], ['nft', 'list', 'table', 'inet', `somnus_${installation}`]];
  return (await Promise.all(commands.map(async ([program = '', ...args]) => (await runCommand(program, args)).stdout))).join('\n');
}

/** What it can reach, and what it cannot, from its address in the present subnet. */
async function expectAtHome(name: string, other: string): Promise<void> {
  const { ip } = await show(name);
  expect(ip.startsWith(present)).toBe(true);
  const inGuest = async (...command: string[]): Promise<string> => await somnus.ok('exec', name, '--', ...command);
  const addresses = await inGuest('ip', '-o', '-4', 'address', 'show', 'dev', 'eth0');
  expect(addresses).toContain(` ${ip}/32 `);
  expect(addresses).not.toContain(former);
  expect(await inGuest('cat', '/etc/resolv.conf')).toBe(`nameserver ${present}0.1\n`);
  expect(await attempt({ run: async (command) => await inGuest(...command) }, {
    outside: { kind: 'tcp', ip: outside.ip, port: PORT },
    other: { kind: 'tcp', ip: other, port: 22 },
    formerGateway: { kind: 'ping', ip: `${former}0.1` },
    host: { kind: 'tcp', ip: `${present}0.1`, port: 22 },
  }, 5)).toEqual({ outside: true, other: false, formerGateway: false, host: false });
}

test('With another subnet in the configuration, running VMs are told immediately and continue their work', async () => {
  await somnus.ok('hibernate', 'right');
  await somnus.ok('stop', 'off', '--force');
  const { bootId } = await show('left');
  const held = made.use(await holdSubnet());
  present = held.subnet.replace('0.0/16', '');
  await somnus.end();
  await writeFile(somnus.configFile, (await readFile(somnus.configFile, 'utf8')).replace(`${former}0.0/16`, held.subnet));
  await somnus.up();
  await expect.poll(async () => await readFile(join(poolFolder('left'), 'manifest.json'), 'utf8'), { timeout: 300_000 }).toContain(present);
  await expectAtHome('left', (await show('right')).ip);
  expect(await show('left')).toMatchObject({ state: 'running', bootId });
  expect(await hostNetwork()).not.toContain(former);
  const { items } = (await somnus.api('GET', '/v1/events?limit=200&type=environment.readdressed', { headers: { accept: 'application/json' } })).body as Page<Event>;
  expect(items.map(({ subject }) => subject?.id ?? '').toSorted()).toEqual(Object.values(ids).toSorted());
});

test('VMs that were hibernated, stopped or saved have their address in the new subnet when they run again', async () => {
  const left = (await show('left')).ip;
  await somnus.ok('wake', 'right');
  await expectAtHome('right', left);
  await somnus.ok('start', 'off');
  await expectAtHome('off', left);
  await somnus.ok('rm', 'right', '--purge', '--yes');
  await somnus.ok('fork', 'left', 'later', '--from', 'base'); // its memory was saved in the former subnet
  await expectAtHome('later', left);
  await somnus.ok('snapshot', 'restore', 'left', 'base', '--no-safety');
  await expectAtHome('left', (await show('off')).ip);
  expect(await hostNetwork()).not.toContain(former);
});
