// The guest image and the agent in it, on plain QEMU: the basis of every environment.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentStatus, Identity } from '../../agent/contract.ts';
import { loadConfig, processSettings } from '../../common/config.ts';
import { pollUntil, sleep } from '../../common/deadline.ts';
import { createLogger } from '../../common/log.ts';
import { runCommand } from '../../common/run-command.ts';
import { cachedGuestImage } from '../../images/build-guest.ts';
import type { ImageManifest } from '../../images/image-manifest.ts';
import { sparseSha256 } from '../../images/sparse-checksum.ts';
import { ANSWER_MS, ImageVm, type AgentConnection } from '../support/image-vm.ts';

/** More than the image's disk has: the guest grows its file system during boot. */
const DISK_GIB = 24;
const log = createLogger({ level: 'warn' });

let scratchDir: string;
let imageDir: string;
let manifest: ImageManifest;
let vm: ImageVm;
let agent: AgentConnection;
let identity: Identity;

async function sshKey(name: string): Promise<{ privateKey: string; publicKey: string }> {
  const file = join(scratchDir, name);
  await runCommand('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
  const read = async (path: string): Promise<string> => (await runCommand('cat', [path])).stdout;
  return { privateKey: await read(file), publicKey: (await read(`${file}.pub`)).trim() };
}

const inGuest = async (script: string): Promise<string> => (await vm.exec('/bin/sh', '-c', script)).stdout.trim();

beforeAll(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'somnus-image-'));
  ({ imageDir, manifest } = await cachedGuestImage({ cacheDir: loadConfig(processSettings().configFile).images.cacheDir, log }));
  identity = {
    environmentId: 'env_image_test', hostname: 'alpha', machineId: '0123456789abcdef0123456789abcdef',
    network: { mac: '52:54:00:12:34:56', ip: '10.83.1.2', gateway: '10.83.0.1', dns: '10.83.0.1' },
    authorizedKey: (await sshKey('user')).publicKey, sshHostKey: (await sshKey('host')).privateKey, generation: 1,
  };
  vm = await ImageVm.start({ imageDir, scratchDir, maxVcpus: 2, diskGiB: DISK_GIB });
  agent = await vm.connectAgent();
}, 20 * 60_000);

afterAll(async () => {
  agent?.close();
  await vm?.[Symbol.asyncDispose]();
  await rm(scratchDir, { recursive: true, force: true });
});

test('The image is complete: its files match the checksums in its manifest', async () => {
  expect((await readdir(imageDir)).toSorted()).toEqual(['disk', 'initrd', 'kernel', 'manifest.json']);
  expect(await sparseSha256(join(imageDir, 'disk'))).toBe(manifest.disk.sparseSha256);
  const disk = await stat(join(imageDir, 'disk'));
  expect(disk.size).toBe(manifest.disk.sizeBytes);
  expect(disk.blocks * 512).toBeLessThan(1.5 * 2 ** 30);
  expect(manifest.packages.map(({ name }) => name)).toEqual(expect.arrayContaining(['linux-image-cloud-amd64', 'openssh-server', 'qemu-guest-agent', 'git', 'curl', 'python3']));
});

test('A new VM reports that it waits for an identity, and allows no login before it has one', async () => {
  const status = await agent.nextStatus();
  expect(status).toMatchObject({ contractVersion: manifest.contractVersion, agentVersion: manifest.agentVersion, identity: null, ready: false, vcpusOnline: 1 });
  expect(status.waitingFor.filter((what) => what !== 'the file system to grow')).toEqual(['an identity from the host', 'the SSH server']);
}, ANSWER_MS);

test('Given an identity, the VM is ready', async () => {
  const status = await agent.request('identify', identity);
  expect(status).toMatchObject({ ready: true, waitingFor: [], hostname: 'alpha', identity: { environmentId: 'env_image_test', generation: 1 } });
}, ANSWER_MS);

test('The rest of the boot follows, and nothing in it fails', async () => {
  expect(await inGuest('systemctl is-system-running --wait')).toBe('running');
  expect(await inGuest('systemctl list-units --failed --plain --no-legend')).toBe('');
}, ANSWER_MS);

test('The guest has exactly the name, ids, addresses and keys that it received', async () => {
  expect(await inGuest('hostname')).toBe('alpha');
  expect(await inGuest('cat /etc/machine-id')).toBe(identity.machineId);
  expect(await inGuest('ip -o -4 addr show dev eth0')).toContain('10.83.1.2/32');
  expect(await inGuest('ip route')).toMatch(/^default via 10\.83\.0\.1 dev eth0[^\n]*\n10\.83\.0\.1 dev eth0 scope link/);
  expect(await inGuest('ip -6 addr 2>/dev/null')).toBe('');
  expect(await inGuest('cat /etc/resolv.conf')).toBe('nameserver 10.83.0.1');
  expect(await inGuest('ls /etc/ssh | grep -i key')).toBe('somnus_authorized_keys\nsomnus_host_key');
  const hostKey = (await runCommand('ssh-keygen', ['-y', '-f', join(scratchDir, 'host')])).stdout.trim();
  expect(await inGuest('ssh-keyscan -q -T 60 -t ed25519 127.0.0.1 2>/dev/null')).toBe(`127.0.0.1 ${hostKey}`);
}, ANSWER_MS);

test('SSH accepts the received key for root, and no password', async () => {
  const login = await inGuest('sshd -T | grep -E "^(passwordauthentication|kbdinteractiveauthentication|permitrootlogin) "');
  expect(login.split('\n').toSorted()).toEqual(['kbdinteractiveauthentication no', 'passwordauthentication no', 'permitrootlogin without-password']);
  expect(await inGuest('passwd --status root')).toMatch(/^root L /);
  // The user's key is not in the guest: log in with a new one, placed where users place theirs.
  expect(await inGuest('ssh-keygen -q -t ed25519 -N "" -f /root/k && mkdir -p /root/.ssh && cp /root/k.pub /root/.ssh/authorized_keys && ssh -i /root/k -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR root@127.0.0.1 "id -un; echo $LANG; rm -r /root/k /root/k.pub /root/.ssh"')).toBe('root\nC.UTF-8');
}, ANSWER_MS);

test('The agent answers on the guest\'s loopback, within its memory limit', async () => {
  expect(await inGuest('curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1:7770/health/ready')).toBe('200');
  expect(JSON.parse(await inGuest('curl -s http://127.0.0.1:7770/status')) as AgentStatus).toMatchObject({ ready: true });
  expect(await inGuest('ss -Hltn | awk \'{print $4}\' | sort')).toBe('0.0.0.0:22\n127.0.0.1:7770');
  await agent.request('watch', { names: ['node', 'systemd'] });
  const { processes } = await agent.request('stats', {});
  const node = processes.find(({ name }) => name === 'node');
  console.log(`agent: ${Math.round((node?.rssBytes ?? 0) / 2 ** 20)} MiB resident`);
  expect(node?.rssBytes).toBeLessThan(80e6);
  expect(processes.find(({ name }) => name === 'systemd')?.pid).toBe(1);
}, ANSWER_MS);

test('Statistics are those of this VM', async () => {
  const stats = await agent.request('stats', {});
  expect(stats.memory.totalBytes).toBeGreaterThan(400 * 2 ** 20);
  expect(stats.memory.totalBytes).toBeLessThan(512 * 2 ** 20);
  expect(stats.disk.totalBytes).toBeGreaterThan((DISK_GIB - 1) * 2 ** 30); // it has grown
  expect(await vm.console()).not.toMatch(/EXT4-fs (error|warning)|not grown/);
  expect(stats.initCrashed).toBe(false);
  expect(stats.disk.readBytes).toBeGreaterThan(10 * 2 ** 20);
  expect(stats.cpu.idleMs + stats.cpu.userMs + stats.cpu.systemMs).toBeGreaterThan(0);
  expect(stats.pressure).not.toBeNull();
}, ANSWER_MS);

test('The clock is set to the requested millisecond, closely enough', async () => {
  const target = Date.now() - 86_400_000;
  const sentAt = performance.now();
  const { unixMs } = await agent.request('setClock', { unixMs: target });
  expect(Math.abs(unixMs - target)).toBeLessThan(performance.now() - sentAt + 500);
  await agent.request('setClock', { unixMs: Date.now() });
  expect(Math.abs(Number(await inGuest('date +%s')) - Date.now() / 1000)).toBeLessThan(10);
}, ANSWER_MS);

test('vCPUs can be added and removed', async () => {
  expect(await agent.request('setVcpus', { online: 2 })).toEqual({ vcpusOnline: 2 });
  expect(await inGuest('nproc')).toBe('2');
  expect(await agent.request('setVcpus', { online: 1 })).toEqual({ vcpusOnline: 1 });
  await expect(agent.request('setVcpus', { online: 3 })).rejects.toMatchObject({ code: 'unsupported' });
}, ANSWER_MS);

test('The drivers of all devices are loaded', async () => {
  const drivers = await inGuest('ls /sys/bus/virtio/drivers | sort | tr "\\n" " "');
  for (const driver of ['virtio_balloon', 'virtio_blk', 'virtio_console', 'virtio_net', 'virtio_rng']) expect(drivers).toContain(driver);
  expect(await inGuest('cat /sys/class/misc/hw_random/rng_current')).toMatch(/^virtio_rng/);
  expect(await inGuest('ls -d /sys/bus/*/drivers/vmgenid/*QEMUVGID*')).not.toBe('');
  expect(await inGuest('findmnt -no OPTIONS /')).toContain('discard');
}, ANSWER_MS);

test('Space that the guest frees is freed on the host', async () => {
  const disk = join(vm.folder, 'disk.qcow2');
  const allocated = async (): Promise<number> => (await stat(disk)).blocks * 512;
  await inGuest('dd if=/dev/urandom of=/root/big bs=1M count=64 2>/dev/null; sync');
  const full = await allocated();
  await inGuest('rm /root/big; sync; sleep 1; sync');
  await expect.poll(allocated, { timeout: ANSWER_MS }).toBeLessThan(full - 50 * 2 ** 20);
}, ANSWER_MS);

test('Garbage on the port, a partial line and a reconnect do not disturb the agent', async () => {
  agent.socket.write('garbage\n\0\n{"id":1,"method":"status","params"');
  agent.close();
  agent = await vm.connectAgent();
  expect((await agent.request('status', {})).ready).toBe(true);
  agent.socket.write(`${'x'.repeat(1_500_000)}\n`);
  expect((await agent.request('status', {})).identity?.generation).toBe(1);
  await expect(agent.request('identify', { ...identity, hostname: 'a b' })).rejects.toMatchObject({ code: 'invalid_request' });
}, ANSWER_MS);

test('A fork gets a new identity while its link is down: sessions end, background work continues', async () => {
  await inGuest('ssh-keygen -q -t ed25519 -N "" -f /root/k && mkdir -p /root/.ssh && cp /root/k.pub /root/.ssh/authorized_keys');
  await inGuest('ssh -f -i /root/k -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@127.0.0.1 "nohup sleep 7777 >/dev/null 2>&1 & exec sleep 8888" >/dev/null 2>&1');
  await expect.poll(() => inGuest('pgrep -c sshd-session'), { timeout: ANSWER_MS }).not.toBe('0');
  await vm.monitor('set_link', { name: 'net', up: false });
  const next: Identity = {
    ...identity, environmentId: 'env_fork', hostname: 'beta', machineId: 'fedcba9876543210fedcba9876543210', generation: 2,
    network: { ...identity.network, mac: '52:54:00:65:43:21', ip: '10.83.1.3' }, sshHostKey: (await sshKey('other-host')).privateKey,
  };
  const startedAt = performance.now();
  const status = await agent.request('identify', next);
  console.log(`identity changed in ${Math.round(performance.now() - startedAt)} ms`);
  expect(status).toMatchObject({ ready: true, hostname: 'beta', identity: { environmentId: 'env_fork', generation: 2 } });
  await vm.monitor('set_link', { name: 'net', up: true });
  await expect.poll(() => inGuest('pgrep -c sshd-session'), { timeout: ANSWER_MS }).toBe('0');
  expect(await inGuest('pgrep -f "sleep 7777" >/dev/null && echo runs')).toBe('runs');
  expect(await inGuest('ip -o addr show dev eth0 | grep -o "inet [^ ]*"; cat /sys/class/net/eth0/address; hostname; cat /etc/machine-id')).toBe(`inet 10.83.1.3/32\n52:54:00:65:43:21\nbeta\n${next.machineId}`);
  const hostKey = (await runCommand('ssh-keygen', ['-y', '-f', join(scratchDir, 'other-host')])).stdout.trim();
  expect(await inGuest('ssh-keyscan -q -T 60 -t ed25519 127.0.0.1 2>/dev/null')).toBe(`127.0.0.1 ${hostKey}`);
  await expect(agent.request('identify', identity)).rejects.toMatchObject({ code: 'invalid_state' });
  identity = next;
}, ANSWER_MS);

test('After a reboot the VM has its identity without the host', async () => {
  const before = await agent.request('status', {});
  const ready = agent.nextStatus((status) => status.bootId !== before.bootId && status.ready);
  await agent.request('powerOff', { mode: 'reboot' });
  const status = await ready;
  expect(status).toMatchObject({ ready: true, hostname: 'beta', identity: { environmentId: 'env_fork', generation: 2 } });
  expect(await inGuest('cat /etc/machine-id')).toBe(identity.machineId);
}, 2 * ANSWER_MS);

test('The power button shuts the VM down', async () => {
  expect(await inGuest('systemctl is-system-running --wait')).toBe('running');
  await vm.monitor('system_powerdown');
  await vm.exited;
  expect(await vm.console()).not.toContain('Kernel panic');
}, ANSWER_MS);

test('A guest whose kernel misjudged its processor\'s speed during boot, as on a busy host, corrects its clock; on request the agent powers the VM off', async () => {
  await using other = await ImageVm.start({ imageDir, scratchDir, append: 'tsc_early_khz=500000' }); // time would run several times too fast
  const port = await other.connectAgent();
  await port.nextStatus();
  await pollUntil('the clock to run at the right speed', { timeoutMs: ANSWER_MS, intervalMs: 100 }, async () => {
    const startedAt = performance.now();
    const { uptimeMs } = await port.request('status', {});
    await sleep(2_000);
    const ranMs = (await port.request('status', {})).uptimeMs - uptimeMs;
    return ranMs < 1.5 * (performance.now() - startedAt) ? true : undefined;
  });
  await port.request('powerOff', { mode: 'poweroff' });
  await other.exited;
}, 2 * ANSWER_MS);
