// Published ports over an sshd on this host, which stands in for the guest: real sockets on both sides.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { SomnusError } from '../../common/errors.ts';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import { PortPublisher } from '../../orchestrator/ports/port-publisher.ts';
import { SqlitePorts } from '../../orchestrator/ports/sqlite-ports.ts';
import type { Ssh2Channel } from '../../supervisor/guest/ssh2-channel.ts';
import { GuestSshd } from '../support/guest-sshd.ts';
import { alice, log } from '../support/operations.ts';
import { scratchActions, type ScratchActions } from '../support/scratch-actions.ts';
import { environment, ENV_A, FakeServices, operation } from './api/fake-services.ts';

let sshd: GuestSshd;
let channel: Ssh2Channel;
beforeAll(async () => {
  sshd = await GuestSshd.start();
  channel = sshd.channel();
});
afterAll(async () => {
  await channel.close();
  await sshd[Symbol.asyncDispose]();
});

let scratch: ScratchActions;
let state: { record: Environment | undefined; performed: string[]; woken: PromiseWithResolvers<void> };
const publishers: PortPublisher[] = [];
const servers: Server[] = [];
beforeEach(() => {
  scratch = scratchActions(new FakeServices().environments, [environment(ENV_A, 'a')]);
  state = { record: environment(ENV_A, 'a'), performed: [], woken: Promise.withResolvers() };
});
afterEach(async () => {
  for (const publisher of publishers.splice(0)) await publisher.stop();
  for (const server of servers.splice(0)) server.close();
  scratch[Symbol.dispose]();
});

function publisher(): PortPublisher {
  const { environments } = new FakeServices();
  const made = new PortPublisher({
    ports: new SqlitePorts(scratch.store), records: { get: () => (state.record ? { ...state.record, networkIndex: 1 } : undefined) }, events: scratch.events, log,
    environments: {
      get: async (caller, ref) => await environments.get(caller, ref),
      perform: async (_caller, action) => {
        state.performed.push(action);
        return { environment: environment(ENV_A, 'a'), operation: operation() };
      },
      channel: async () => {
        if (state.record?.state !== 'running') throw new SomnusError('invalid_state', 'It does not run');
        return channel;
      },
    },
    operations: { wait: async () => {
      await state.woken.promise;
      return operation();
    } },
  });
  publishers.push(made);
  return made;
}

/** A program in the "guest". */
async function serving(server: Server): Promise<number> {
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function echo(): Promise<number> {
  return await serving(createServer({ allowHalfOpen: true }, (socket) => { socket.pipe(socket).on('error', () => {}); }));
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

test('HTTP and WebSockets work, many at once; the port listens on the loopback only', async () => {
  const http = createHttpServer((request, response) => { response.end(`hello ${request.url}`); });
  new WebSocketServer({ server: http }).on('connection', (socket) => { socket.on('message', (data) => { socket.send(data); }); });
  const port = await serving(http);
  const { url, hostPort, status } = await publisher().publish(alice, 'a', { port });
  expect(status).toBe('listening');
  expect(await Promise.all([1, 2, 3, 4, 5].map(async (n) => await (await fetch(`${url}/${n}`)).text()))).toEqual([1, 2, 3, 4, 5].map((n) => `hello /${n}`));
  const socket = new WebSocket(url.replace('http', 'ws'));
  await once(socket, 'open');
  socket.send('over');
  expect(String((await once(socket, 'message'))[0])).toBe('over');
  socket.terminate();
  const elsewhere = connect(hostPort, '127.0.0.2');
  expect(await once(elsewhere, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }]);
});

test('10 MB arrive unchanged in both directions, and the end of one direction leaves the other open', async () => {
  const { hostPort } = await publisher().publish(alice, 'a', { port: await echo() });
  const socket = await dial(hostPort);
  socket.end('x'.repeat(10_000_000));
  const back = await text(socket);
  expect([back.length, back === 'x'.repeat(10_000_000)]).toEqual([10_000_000, true]);
});

test('A connection to a port where nothing listens in the guest is closed; a later one works when a program listens', async () => {
  const server = createServer((socket) => { socket.end('here'); });
  const port = await serving(server);
  server.close();
  await once(server, 'close');
  const { hostPort } = await publisher().publish(alice, 'a', { port });
  expect(await text(await dial(hostPort))).toBe('');
  servers.push(server.listen(port, '127.0.0.1'));
  await once(server, 'listening');
  expect(await text(await dial(hostPort))).toBe('here');
});

test('Publishing again returns the existing port; another host port for it, and a host port in use, are refused', async () => {
  const at = publisher();
  const first = await at.publish(alice, 'a', { port: 3000 });
  expect(await at.publish(alice, 'a', { port: 3000 })).toEqual(first);
  await expect(at.publish(alice, 'a', { port: 3000, hostPort: 40_000 })).rejects.toMatchObject({ code: 'name_taken' });
  const taken = await echo();
  await expect(at.publish(alice, 'a', { port: 4000, hostPort: taken })).rejects.toMatchObject({ code: 'in_use' });
  expect((await at.publish(alice, 'a', { port: 4000 })).hostPort).not.toBe(first.hostPort);
  expect((await at.list(alice, 'a')).map(({ port }) => port)).toEqual([3000, 4000]);
});

test('Somnus listens again after a restart; while another program has the port, Somnus shows that and keeps trying', async () => {
  const port = await echo();
  const before = publisher();
  const { hostPort } = await before.publish(alice, 'a', { port });
  await before.stop();
  const thief = createServer().listen(hostPort, '127.0.0.1');
  await once(thief, 'listening');
  const after = publisher();
  await after.check();
  expect(await after.list(alice, 'a')).toMatchObject([{ hostPort, status: 'failed', problem: expect.stringContaining('in use') }]);
  thief.close();
  await once(thief, 'close');
  await after.check();
  expect(await after.list(alice, 'a')).toMatchObject([{ hostPort, status: 'listening', problem: null }]);
  const socket = await dial(hostPort);
  socket.end('again');
  expect(await text(socket)).toBe('again');
});

test('Connections wake a hibernated environment, once for all of them; a stopped one is not started', async () => {
  const { hostPort } = await publisher().publish(alice, 'a', { port: await echo() });
  state.record = { ...environment(ENV_A, 'a'), state: 'hibernated' };
  const sockets = await Promise.all([dial(hostPort), dial(hostPort)]);
  for (const socket of sockets) socket.end('early');
  await expect.poll(() => state.performed).toEqual(['wake']);
  state.record = environment(ENV_A, 'a');
  state.woken.resolve();
  expect(await Promise.all(sockets.map(async (socket) => await text(socket)))).toEqual(['early', 'early']);
  expect(state.performed).toEqual(['wake']);
  state.record = { ...environment(ENV_A, 'a'), state: 'stopped' };
  expect(await text(await dial(hostPort))).toBe('');
  expect(state.performed).toEqual(['wake']);
});

test('Removing a port, or its environment, closes its connections', async () => {
  const at = publisher();
  const port = await echo();
  const { hostPort } = await at.publish(alice, 'a', { port });
  const socket = await dial(hostPort);
  socket.write('x');
  await once(socket, 'data');
  const closed = new Promise((resolve) => { socket.on('error', () => {}).once('close', resolve); });
  await at.remove(alice, 'a', port);
  await closed;
  await expect(at.remove(alice, 'a', port)).rejects.toMatchObject({ code: 'not_found' });
  await expect(dial(hostPort)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  const again = await at.publish(alice, 'a', { port });
  scratch.store.transaction(() => scratch.store.db.prepare('DELETE FROM environments').run());
  await at.check();
  await expect(dial(again.hostPort)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
