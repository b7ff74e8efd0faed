// Measures how fast bytes flow through the API, compared with Node's own HTTP streams in the same run: node tests/bench/api-streams.ts [MiB]
// Client, server and fake guest share one process, so the speed is that of one core. The last line is JSON.
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WebSocket, type RawData } from 'ws';
import { bytes } from '../contract/api/fake-guest.ts';
import { keys } from '../contract/api/fake-services.ts';
import { startApi } from '../contract/api/harness.ts';

const MIB = 1_048_576;
const sizeMiB = Number(process.argv[2] ?? 1024);
const size = sizeMiB * MIB;

interface Pace { mibPerSecond: number; cpuSecondsPerGib: number }

async function measure(work: () => Promise<number>): Promise<Pace> {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const moved = await work();
  if (moved < size) throw new Error(`only ${moved} of ${size} bytes arrived`);
  const { user, system } = process.cpuUsage(cpu);
  return {
    mibPerSecond: Math.round(sizeMiB / ((performance.now() - startedAt) / 1000)),
    cpuSecondsPerGib: Number(((user + system) / 1e6 / (sizeMiB / 1024)).toFixed(2)),
  };
}

async function send(method: string, url: string, body?: string): Promise<number> {
  const headers = { authorization: `Bearer ${keys.write}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const sent = request(url, { method, headers });
  const answered = new Promise<IncomingMessage>((resolve, reject) => { sent.once('response', resolve).once('error', reject); });
  let counted = 0;
  if (method === 'PUT') {
    await pipeline(bytes(size, (chunk) => { counted += chunk; }), sent);
    (await answered).resume();
    return counted;
  }
  sent.end(body);
  await pipeline(await answered, new Writable({ write: (chunk: Buffer, _encoding, done) => { counted += chunk.length; done(); } }));
  return counted;
}

async function sendOverSocket(url: string): Promise<number> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers: { authorization: `Bearer ${keys.write}` }, perMessageDeflate: false });
  let counted = 0;
  socket.once('open', () => socket.send(JSON.stringify({ command: ['flood', String(size)] })));
  socket.on('message', (data: RawData, isBinary) => { if (isBinary) counted += (data as Buffer).length - 1; });
  await new Promise((resolve) => { socket.once('close', resolve); });
  return counted;
}

await using api = await startApi();
const environment = `${api.url}/v1/environments/a`;
const bare = createServer((incoming, response) => {
  if (incoming.method === 'PUT') incoming.resume().once('end', () => response.end());
  else pipeline(bytes(size), response).catch(() => {});
});
await new Promise<void>((resolve) => { bare.listen(0, '127.0.0.1', resolve); });
const bareUrl = `http://127.0.0.1:${(bare.address() as AddressInfo).port}/`;

const figures = {
  download: { api: await measure(() => send('GET', `${environment}/files?path=/size/${size}`)), floor: await measure(() => send('GET', bareUrl)) },
  upload: { api: await measure(() => send('PUT', `${environment}/files?path=/home/x`)), floor: await measure(() => send('PUT', bareUrl)) },
  execLines: { api: await measure(() => send('POST', `${environment}/exec`, JSON.stringify({ command: ['flood', String(size)] }))) },
  execSocket: { api: await measure(() => sendOverSocket(`${environment}/exec`)) },
};
bare.closeAllConnections();
bare.close();
console.log(JSON.stringify(figures));
