import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import type { Identity } from '../../agent/contract.ts';
import { HelperPort } from '../../supervisor/guest/helper-port.ts';

const WAIT = { timeoutMs: 10_000 };
const identity: Identity = {
  environmentId: 'env_b', hostname: 'beta', machineId: 'b'.repeat(32), network: { mac: '52:54:00:00:00:02', ip: '10.83.1.3', gateway: '10.83.0.1', dns: '10.83.0.53' },
  authorizedKey: 'ssh-ed25519 AAAA two', sshHostKey: 'PRIVATE KEY TWO', generation: 2,
};

/** A helper behind QEMU's socket, which gives these answers after the request's id. */
async function helperThatSays(...answers: string[]): Promise<{ port: HelperPort; requests: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'helper-port-'));
  const requests: string[] = [];
  const server = createServer((socket) => {
    createInterface({ input: socket }).on('line', (line) => {
      if (line === '') return;
      requests.push(line.replace(/^\d+ /, ''));
      socket.write(`${/^\d+/.exec(line)?.[0]} ${answers.shift() ?? ''}\n`);
    });
  }).listen(join(folder, 'helper.sock'));
  await once(server, 'listening');
  const port = new HelperPort({ socketPath: join(folder, 'helper.sock') });
  onTestFinished(async () => {
    await port.close();
    server.close();
    await rm(folder, { recursive: true });
  });
  return { port, requests };
}

test('The helper reports the identity in effect, readiness, boot id and clock', async () => {
  const { port, requests } = await helperThatSays('ok env_a 3 1 7d0e5a5c 1795459126335');
  expect(await port.state(WAIT)).toEqual({ environmentId: 'env_a', generation: 3, ready: true, bootId: '7d0e5a5c', unixMs: 1_795_459_126_335 });
  expect(requests).toEqual(['state']);
});

test('The clock and new random bytes are sent each time, the identity on request: as files, the one with the marker last', async () => {
  const { port, requests } = await helperThatSays('ok env_a 1 1 boot 1', 'ok env_b 2 1 boot 1');
  await port.apply(undefined, WAIT);
  await port.apply(identity, WAIT);
  const [first = '', second = ''] = requests;
  expect(first).toMatch(/^apply clock=\d{10}\.\d+ seed=[0-9a-f]{64}$/);
  expect(second).toContain(` mac=${identity.network.mac} ip=${identity.network.ip} `);
  expect(/seed=(\w+)/.exec(second)?.[1]).not.toBe(/seed=(\w+)/.exec(first)?.[1]);
  const files = [...second.matchAll(/file=(\d+):(\w+):(\w*)/g)].map(([, mode, path = '', content = '']) => ({ mode, path: Buffer.from(path, 'hex').toString(), content: Buffer.from(content, 'hex').toString() }));
  expect(files).toContainEqual({ mode: '600', path: '/etc/ssh/somnus_host_key', content: 'PRIVATE KEY TWO\n' });
  expect(files.at(-1)).toMatchObject({ path: '/var/lib/somnus/identity.json', content: expect.stringContaining('"environmentId":"env_b"') as string });
});

test.each([
  ['an error', 'error the clock cannot be set', { code: 'internal', message: 'The helper in the VM: the clock cannot be set' }],
  ['too few fields', 'ok env_a 1', { code: 'guest_unreachable' }],
  ['a field that is no number', 'ok env_a x 1 boot 1', { code: 'guest_unreachable' }],
  ['an overlong marker', `ok ${'e'.repeat(100)} 1 1 boot 1`, { code: 'guest_unreachable' }],
])('%s is refused', async (_, answer, error) => {
  const { port } = await helperThatSays(answer);
  await expect(port.state(WAIT)).rejects.toMatchObject(error);
});
