// A VM of the guest image with its SSH port on the host's loopback and its own identity, for tests of the channels into it.
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Config } from '../../common/config.ts';
import { createLogger } from '../../common/log.ts';
import { cachedGuestImage } from '../../images/build-guest.ts';
import { AgentPort } from '../../supervisor/guest/agent-port.ts';
import { waitUntilReady } from '../../supervisor/guest/readiness.ts';
import { Ssh2Channel } from '../../supervisor/guest/ssh2-channel.ts';
import { generateSshKeyPair } from '../../supervisor/guest/ssh-keys.ts';
import { makeDiskFolder } from './clean-up.ts';
import { ImageVm } from './image-vm.ts';

/** Five times what a boot under TCG takes on two busy cores. */
const BOOT_TIMEOUT_MS = 300_000;

export interface GuestVm extends AsyncDisposable {
  vm: ImageVm;
  port: AgentPort;
  channel: Ssh2Channel;
}

/** Boots the cached image, which it builds if there is none, sets its identity and waits until it is ready. */
export async function startGuestVm(): Promise<GuestVm> {
  const log = createLogger({ level: 'silent' });
  const { imageDir } = await cachedGuestImage({ cacheDir: Config.parse({}).images.cacheDir, log });
  const scratchDir = await makeDiskFolder();
  const vm = await ImageVm.start({ imageDir, scratchDir });
  const port = new AgentPort({ socketPath: join(vm.folder, 'agent'), log });
  const [client, host] = [generateSshKeyPair('client'), generateSshKeyPair('host')];
  const sshPort = await freePort();
  const channel = new Ssh2Channel({ environmentId: 'env_vm', runId: 'test', host: '127.0.0.1', port: sshPort, privateKey: client.privateKey, hostPublicKey: host.publicKey, connectTimeoutMs: 120_000, log });
  const guest: GuestVm = {
    vm, port, channel,
    [Symbol.asyncDispose]: async () => {
      await channel.close();
      await port.close();
      await vm[Symbol.asyncDispose]();
      await rm(scratchDir, { recursive: true });
    },
  };
  try {
    await vm.monitor('human-monitor-command', { 'command-line': `hostfwd_add net tcp:127.0.0.1:${sshPort}-:22` });
    await port.waitUntil(() => true, { timeoutMs: BOOT_TIMEOUT_MS });
    await port.call('identify', {
      environmentId: 'env_vm', hostname: 'guest', machineId: '1'.repeat(32), generation: 1,
      network: { mac: '52:54:00:12:34:56', ip: '10.0.2.15', gateway: '10.0.2.2', dns: '10.0.2.3' }, // QEMU's user network
      authorizedKey: client.publicKey, sshHostKey: host.privateKey,
    }, { timeoutMs: 120_000 });
    await waitUntilReady({ port, channel, environmentId: 'env_vm', generation: 1, timeoutMs: BOOT_TIMEOUT_MS });
    return guest;
  } catch (error) {
    await guest[Symbol.asyncDispose]();
    throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
