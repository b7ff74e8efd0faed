import { writeFileSync } from 'node:fs';
import { mkdtemp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Identity } from '../../agent/contract.ts';
import { defaultGateways, hasLocalAddress, IdentityKeeper, type GuestSystem } from '../../agent/identity-keeper.ts';

const first: Identity = {
  environmentId: 'env_a', hostname: 'alpha', machineId: 'a'.repeat(32),
  network: { mac: '52:54:00:00:00:01', ip: '10.83.1.2', gateway: '10.83.0.1', dns: '10.83.0.53' },
  authorizedKey: 'ssh-ed25519 AAAA one', sshHostKey: 'PRIVATE KEY ONE', generation: 1,
};
const second: Identity = { ...first, environmentId: 'env_b', hostname: 'beta', machineId: 'b'.repeat(32), network: { ...first.network, mac: '52:54:00:00:00:02', ip: '10.83.1.3' }, sshHostKey: 'PRIVATE KEY TWO', generation: 2 };

async function guest(): Promise<{ root: string; calls: string[]; keeper: () => IdentityKeeper; read: (path: string) => Promise<string> }> {
  const root = await mkdtemp(join(tmpdir(), 'agent-identity-'));
  onTestFinished(async () => { await rm(root, { recursive: true }); });
  await mkdir(join(root, 'sys/class/net/eth0'), { recursive: true });
  await mkdir(join(root, 'proc/net'), { recursive: true });
  const calls: string[] = [];
  // A kernel that applies batches as far as the identity keeper checks.
  const system: GuestSystem = {
    changeNetwork: (batch) => {
      writeFileSync(join(root, 'sys/class/net/eth0/address'), `${/address ([0-9a-f:]{17}) up/.exec(batch)?.[1]}\n`);
      writeFileSync(join(root, 'proc/net/fib_trie'), `Local:\n     |-- ${/address add ([\d.]+)\/32/.exec(batch)?.[1]}\n        /32 host LOCAL\n`);
      writeFileSync(join(root, 'proc/net/route'), 'Iface\tDestination\tGateway\neth0\t00000000\t0100530A\t0003\n');
      calls.push('network');
    },
    setHostname: (name) => calls.push(`hostname ${name}`),
    endSshSessions: () => calls.push('end sessions'),
  };
  return { root, calls, keeper: () => new IdentityKeeper({ root, system }), read: (path) => readFile(join(root, path), 'utf8') };
}

test('A first identity is written to the files that the system reads, with secrets readable only for root', async () => {
  const { root, calls, keeper, read } = await guest();
  await keeper().apply(first);
  expect(await read('etc/hostname')).toBe('alpha\n');
  expect(await read('etc/hosts')).toContain('127.0.1.1 alpha');
  expect(await read('etc/machine-id')).toBe(`${'a'.repeat(32)}\n`);
  expect(await read('etc/resolv.conf')).toBe('nameserver 10.83.0.53\n');
  expect(await read('etc/ssh/somnus_authorized_keys')).toBe('ssh-ed25519 AAAA one\n');
  expect(await read('etc/ssh/somnus_host_key')).toBe('PRIVATE KEY ONE\n');
  for (const secret of ['etc/ssh/somnus_host_key', 'etc/ssh/somnus_authorized_keys', 'var/lib/somnus/identity.json']) expect((await stat(join(root, secret))).mode & 0o777).toBe(0o600);
  expect(await read('var/lib/somnus/identity.json')).not.toContain('PRIVATE KEY');
  expect(calls).toEqual(['hostname alpha', 'network']);
});

test('An identity that the helper has written is in effect, and the same one sent again ends no session', async () => {
  const { root, calls, keeper } = await guest();
  const agent = keeper();
  await agent.apply(first);
  const { authorizedKey: _key, sshHostKey: _hostKey, ...stored } = second;
  await writeFile(join(root, 'var/lib/somnus/identity.new'), JSON.stringify(stored));
  await rename(join(root, 'var/lib/somnus/identity.new'), join(root, 'var/lib/somnus/identity.json'));
  expect(agent.current).toEqual(stored);
  await agent.apply(second);
  expect(calls).not.toContain('end sessions');
});

test('The address is a single one, and its gateway is reached on the link itself', async () => {
  const { keeper, read } = await guest();
  await keeper().apply(first);
  expect((await read('var/lib/somnus/network.batch')).trim().split('\n')).toEqual([
    'address flush dev eth0',
    'link set dev eth0 address 52:54:00:00:00:01 up',
    'address add 10.83.1.2/32 dev eth0',
    'route replace 10.83.0.1 dev eth0 scope link',
    'route replace default via 10.83.0.1 dev eth0',
  ]);
});

test('A newer identity replaces everything, and ends the sessions of the previous one', async () => {
  const { calls, keeper, read } = await guest();
  const keeping = keeper();
  await keeping.apply(first);
  calls.length = 0;
  await keeping.apply(second);
  expect(calls).toEqual(['hostname beta', 'end sessions', 'network']);
  expect(await read('etc/ssh/somnus_host_key')).toBe('PRIVATE KEY TWO\n');
  expect(keeping.current).toMatchObject({ environmentId: 'env_b', generation: 2 });
  expect(keeping.addressIsUp()).toBe(true);
});

test('The current identity can be applied again without disturbing sessions', async () => {
  const { calls, keeper } = await guest();
  const keeping = keeper();
  await keeping.apply(first);
  calls.length = 0;
  await keeping.apply(first);
  expect(calls).toEqual(['hostname alpha']);
});

test('An older identity is refused and changes nothing', async () => {
  const { keeper, read } = await guest();
  const keeping = keeper();
  await keeping.apply(second);
  await expect(keeping.apply(first)).rejects.toMatchObject({ code: 'invalid_state' });
  expect(await read('etc/hostname')).toBe('beta\n');
});

test('Two concurrent identities are applied one after the other', async () => {
  const { calls, keeper, read } = await guest();
  const keeping = keeper();
  await Promise.all([keeping.apply(first), keeping.apply(second)]);
  expect(calls).toEqual(['hostname alpha', 'network', 'hostname beta', 'end sessions', 'network']);
  expect(await read('etc/hostname')).toBe('beta\n');
});

test('After a restart the agent knows its identity, and restores a missing address', async () => {
  const { root, calls, keeper } = await guest();
  await keeper().apply(first);
  calls.length = 0;
  const again = keeper();
  expect(again.current).toMatchObject({ environmentId: 'env_a', generation: 1 });
  await again.repairNetwork();
  expect(calls).toEqual([]);
  await writeFile(join(root, 'proc/net/fib_trie'), '');
  await again.repairNetwork();
  expect(calls).toEqual(['network']);
});

test('A damaged identity file counts as none: the host sends the identity again', async () => {
  const { root, keeper } = await guest();
  await mkdir(join(root, 'var/lib/somnus'), { recursive: true });
  await writeFile(join(root, 'var/lib/somnus/identity.json'), '{"env');
  expect(keeper().current).toBeNull();
});

test('An address counts as present only when the kernel accepts packets for it', () => {
  const trie = 'Main:\n     |-- 10.83.1.2\n        /32 link UNICAST\nLocal:\n        |-- 10.83.1.20\n           /32 host LOCAL\n';
  expect(hasLocalAddress(trie, '10.83.1.20')).toBe(true);
  expect(hasLocalAddress(trie, '10.83.1.2')).toBe(false);
});

test('Default routes are read with their gateways', () => {
  expect(defaultGateways('Iface\tDestination\tGateway\tFlags\neth0\t00000000\t0100530A\t0003\neth0\t0100530A\t00000000\t0005\n')).toEqual(['10.83.0.1']);
  expect(defaultGateways('')).toEqual([]);
});
