import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { decode, encode, RECURSION_DESIRED, type DecodedPacket } from 'dns-packet';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { framed, messagesOf } from '../../supervisor/network/dns-forward.ts';
import { readQuery } from '../../supervisor/network/dns-packet-messages.ts';
import { DnsResolver } from '../../supervisor/network/dns-resolver.ts';
import { RefusalLog } from '../../supervisor/network/refusal-log.ts';
import type { NetworkPolicy } from '../../supervisor/domain/network-policy.ts';

const log = pino({ level: 'silent' });
let policy: NetworkPolicy | undefined;
let upstream: { udp: UdpSocket; tcp: Server; port: number; asked: string[]; answering: boolean };
let resolver: DnsResolver;
let ports: { udpPort: number; tcpPort: number };
let client: UdpSocket;

/** A name server that answers every A question with 192.0.2.80, and truncates names that start with `big` over UDP. */
async function startUpstream(): Promise<typeof upstream> {
  const reply = (message: Buffer, byTcp: boolean): Buffer => {
    const query = decode(message);
    const name = query.questions?.[0]?.name ?? '';
    upstream.asked.push(`${byTcp ? 'tcp' : 'udp'} ${name}`);
    const answers = name.startsWith('big') && !byTcp ? [] : [{ type: 'A' as const, name, ttl: 60, data: '192.0.2.80' }];
    return encode({ type: 'response', id: query.id, flags: answers.length === 0 ? 0x0200 : 0, questions: query.questions, answers });
  };
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    void (async () => { for await (const message of messagesOf(socket)) socket.write(framed(reply(message, true))); })().catch(() => {});
  });
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket('udp4');
  udp.on('message', (message, from) => {
    if (!upstream.answering) return;
    // First what an attacker would send: wrong id, wrong question.
    udp.send(encode({ type: 'response', id: (message.readUInt16BE(0) + 1) & 0xffff, questions: decode(message).questions, answers: [{ type: 'A', name: 'x', data: '192.0.2.66' }] }), from.port, from.address);
    udp.send(encode({ type: 'response', id: message.readUInt16BE(0), questions: [{ type: 'A', name: 'other.example' }], answers: [{ type: 'A', name: 'x', data: '192.0.2.66' }] }), from.port, from.address);
    udp.send(reply(message, false), from.port, from.address);
  });
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');
  return { udp, tcp, port, asked: [], answering: true };
}

beforeEach(async () => {
  policy = 'open';
  upstream = await startUpstream();
  resolver = new DnsResolver({
    listenAddress: '127.0.0.1',
    segmentOf: () => (policy === undefined ? undefined : { index: 1, policy }),
    ownName: 'packages.own.example',
    isPackageHost: (name) => name === 'mirror.example',
    nameservers: () => ['127.0.0.1'],
    nameserverPort: upstream.port,
    refusals: new RefusalLog(log),
    limits: { attemptMs: 300, answerMs: 1000, queriesPerSegment: 4, connectionsPerSegment: 2, idleMs: 500 },
    log,
  });
  ports = await resolver.listen();
  client = createSocket('udp4');
  client.bind(0, '127.0.0.1');
  await once(client, 'listening');
});

afterEach(async () => {
  await resolver.close();
  client.close();
  upstream.udp.close();
  upstream.tcp.close();
});

const question = (name: string, type: 'A' | 'TXT' | 'AAAA' = 'A', id = 7): Buffer => encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type, name }] });

async function ask(message: Buffer): Promise<DecodedPacket & { rcode: number }> {
  client.send(message, ports.udpPort, '127.0.0.1');
  const [answer] = await once(client, 'message', { signal: AbortSignal.timeout(5000) }) as [Buffer];
  return { ...decode(answer), rcode: answer.readUInt16BE(2) & 15 };
}

test('an open segment gets the name server\'s answer, with its own id', async () => {
  const answer = await ask(question('Any.example'));
  expect(answer).toMatchObject({ id: 7, rcode: 0, type: 'response', answers: [{ data: '192.0.2.80' }] });
});

test('a segment for packages gets package hosts and nothing else, and no other kind of record', async () => {
  policy = 'packages';
  expect((await ask(question('mirror.example'))).rcode).toBe(0);
  expect((await ask(question('MIRROR.Example', 'AAAA'))).rcode).toBe(0);
  expect((await ask(question('_http._tcp.mirror.example'))).rcode).toBe(0);
  expect((await ask(question('evil.example'))).rcode).toBe(5);
  expect((await ask(question('mirror.example.evil.example'))).rcode).toBe(5);
  expect((await ask(question('mirror.example', 'TXT'))).rcode).toBe(5);
  expect(upstream.asked).toEqual(['udp mirror.example', 'udp MIRROR.Example', 'udp _http._tcp.mirror.example']);
});

test('a segment without network is refused every name, and no server is asked', async () => {
  policy = 'none';
  expect(await ask(question('mirror.example'))).toMatchObject({ rcode: 5, questions: [{ name: 'mirror.example' }] });
  expect(upstream.asked).toEqual([]);
});

test('the name of the package gateway resolves to the gateway, except for a segment without network; no server is asked for it', async () => {
  for (const allowed of ['open', 'packages'] as const) {
    policy = allowed;
    expect(await ask(question('Packages.own.example'))).toMatchObject({ id: 7, rcode: 0, questions: [{ name: 'Packages.own.example' }], answers: [{ type: 'A', name: 'Packages.own.example', data: '127.0.0.1' }] });
    expect(await ask(question('packages.own.example', 'AAAA'))).toMatchObject({ rcode: 0, answers: [] });
  }
  policy = 'none';
  expect((await ask(question('packages.own.example'))).rcode).toBe(5);
  expect(upstream.asked).toEqual([]);
});

test("the host's own names are not revealed", async () => {
  expect((await ask(question('localhost'))).rcode).toBe(3);
  expect((await ask(question('db.localhost'))).rcode).toBe(3);
  expect(upstream.asked).toEqual([]);
});

test('strangers get no answer', async () => {
  policy = undefined;
  client.send(question('any.example'), ports.udpPort, '127.0.0.1');
  const tcp = connect(ports.tcpPort, '127.0.0.1');
  await once(tcp, 'close'); // disconnected
  policy = 'open';
  expect((await ask(question('next.example', 'A', 9))).id).toBe(9); // the first answer that arrives
});

test('a long answer is sent by TCP, several on one connection', async () => {
  expect((await ask(question('big.example'))).flag_tc).toBe(true);
  const tcp = connect(ports.tcpPort, '127.0.0.1');
  const bytes = Buffer.concat([framed(question('big.example', 'A', 1)), framed(question('second.example', 'A', 2))]);
  tcp.write(bytes.subarray(0, 5));
  tcp.write(bytes.subarray(5));
  const answers: DecodedPacket[] = [];
  for await (const message of messagesOf(tcp)) {
    answers.push(decode(message));
    if (answers.length === 2) break;
  }
  expect(answers).toMatchObject([{ id: 1, answers: [{ data: '192.0.2.80' }] }, { id: 2, answers: [{ data: '192.0.2.80' }] }]);
  expect(upstream.asked.slice(1)).toEqual(['tcp big.example', 'tcp second.example']);
});

test('idle and surplus TCP connections are closed', async () => {
  const sockets = [1, 2, 3].map(() => connect(ports.tcpPort, '127.0.0.1'));
  await Promise.all(sockets.map(async (socket) => { await once(socket, 'close', { signal: AbortSignal.timeout(5000) }); }));
  expect((await ask(question('any.example'))).rcode).toBe(0);
});

test('a silent name server causes a failure within the deadline, and queries beyond the limit are dropped', async () => {
  upstream.answering = false;
  const answers: Buffer[] = [];
  client.on('message', (message) => answers.push(message));
  for (let id = 1; id <= 10; id += 1) client.send(question('slow.example', 'A', id), ports.udpPort, '127.0.0.1');
  await expect.poll(() => answers.length, { timeout: 5000 }).toBe(4);
  expect(answers.map((message) => message.readUInt16BE(2) & 15)).toEqual([2, 2, 2, 2]);
  client.removeAllListeners('message');
  upstream.answering = true;
  expect((await ask(question('any.example', 'A', 99))).id).toBe(99);
});

test('without a name server the answer is a failure', async () => {
  const lonely = new DnsResolver({ listenAddress: '127.0.0.1', segmentOf: () => ({ index: 1, policy: 'open' }), isPackageHost: () => false, nameservers: () => [], refusals: new RefusalLog(log), log });
  const { udpPort } = await lonely.listen();
  client.send(question('any.example'), udpPort, '127.0.0.1');
  const [answer] = await once(client, 'message') as [Buffer];
  expect(answer.readUInt16BE(2) & 15).toBe(2);
  await lonely.close();
});

test('no input breaks the resolver', async () => {
  const bytes = [
    ...fc.sample(fc.uint8Array({ maxLength: 600 }), 300),
    // Well-formed beginnings followed by arbitrary bytes.
    ...fc.sample(fc.uint8Array({ maxLength: 60 }), 300).map((tail) => Buffer.concat([question('a.example'), tail])),
    ...fc.sample(fc.tuple(fc.nat(28), fc.nat(255)), 300).map(([at, value]) => { const message = question('a.example'); message[at] = value; return message; }),
    Buffer.alloc(65_000, 0xff),
  ];
  for (const message of bytes) client.send(message, ports.udpPort, '127.0.0.1');
  const tcp = connect(ports.tcpPort, '127.0.0.1');
  tcp.on('error', () => {});
  for (const message of bytes.slice(0, 50)) tcp.write(message);
  tcp.end();
  const { promise, resolve } = Promise.withResolvers<void>();
  client.on('message', (message) => { if (message.length > 2 && message.readUInt16BE(0) === 0x4242) resolve(); });
  const again = setInterval(() => client.send(question('last.example', 'A', 0x4242), ports.udpPort, '127.0.0.1'), 100);
  await promise;
  clearInterval(again);
});

test('a name that can be read in two ways is refused', () => {
  const label = Buffer.concat([Buffer.from([14]), Buffer.from('mirror.example'), Buffer.from([0])]);
  const message = Buffer.concat([question('x').subarray(0, 12), label, Buffer.from([0, 1, 0, 1])]);
  expect(readQuery(message)).toEqual({ kind: 'bad', rcode: 1 });
  expect(readQuery(question('mirror.example'))).toMatchObject({ kind: 'query', name: 'mirror.example', type: 'A' });
});
