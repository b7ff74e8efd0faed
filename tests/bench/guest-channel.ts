// Measures a guest channel: node tests/bench/guest-channel.ts local|IMAGE_DIR [MiB]
// Compares an exec's round trip with ssh2's own on the same kind of connection; measures throughput of streams and files in both directions, and memory use.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Readable, Writable } from 'node:stream';
import ssh2 from 'ssh2';
import type { Ssh2Channel } from '../../supervisor/guest/ssh2-channel.ts';
import { GuestSshd } from '../support/guest-sshd.ts';
import { run } from '../support/guest-programs.ts';
import { startGuestVm } from '../support/guest-vm.ts';

const MIB = 1_048_576;
const [where = 'local', size = '256'] = process.argv.slice(2);
const totalMiB = Number(size);
const scratchDir = await mkdtemp('/var/tmp/somnus-guest-bench-');

let peakRss = 0;
setInterval(() => { peakRss = Math.max(peakRss, process.memoryUsage().rss); }, 20).unref();

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const nothing = (): Writable => new Writable({ write(_chunk, _encoding, callback) { callback(); } });
const zeros = (bytes: number): Readable => Readable.from((function* blocks() { for (let left = bytes; left > 0; left -= 65_536) yield Buffer.alloc(Math.min(65_536, left)); })());

async function timed(what: string, mib: number, work: () => Promise<unknown>): Promise<void> {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  peakRss = before;
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const own = process.cpuUsage(cpu);
  console.log(`${what.padEnd(34)} ${(mib / seconds).toFixed(1).padStart(7)} MiB/s  ${((own.user + own.system) / 1000 / mib).toFixed(1).padStart(6)} ms of host CPU per MiB  memory +${((peakRss - before) / MIB).toFixed(0)} MiB`);
}

async function roundTrips(channel: Ssh2Channel, bare: ssh2.Client, count: number): Promise<void> {
  const own: number[] = [];
  const theirs: number[] = [];
  for (let i = 0; i < count; i += 1) {
    let start = performance.now();
    const { promise, resolve } = Promise.withResolvers<void>();
    bare.exec('/bin/true', (error, stream) => {
      if (error) throw error;
      stream.resume();
      stream.stderr.resume();
      stream.end();
      stream.once('close', () => resolve());
    });
    await promise;
    theirs.push(performance.now() - start);
    start = performance.now();
    await run(channel, ['/bin/true']);
    own.push(performance.now() - start);
  }
  console.log(`exec round trip, median of ${count}: channel ${median(own).toFixed(1)} ms, bare ssh2 ${median(theirs).toFixed(1)} ms, ratio ${(median(own) / median(theirs)).toFixed(2)}`);
}

async function measure(channel: Ssh2Channel, bare: ssh2.Client): Promise<void> {
  await run(channel, ['true']);
  await roundTrips(channel, bare, where === 'local' ? 200 : 40);
  await timed('stdout (head /dev/zero)', totalMiB, async () => {
    const program = await channel.exec({ command: ['head', '-c', String(totalMiB * MIB), '/dev/zero'], env: {} });
    program.stdin.end();
    program.stderr.resume();
    await pipeline(program.stdout, nothing());
    await program.exit;
  });
  await timed('stdin (cat >/dev/null)', totalMiB, async () => {
    const program = await channel.exec({ command: ['sh', '-c', 'cat >/dev/null'], env: {} });
    program.stderr.resume();
    program.stdout.resume();
    await pipeline(zeros(totalMiB * MIB), program.stdin);
    await program.exit;
  });
  const source = join(scratchDir, 'source');
  await (await open(source, 'w')).close();
  await pipeline(Readable.from((function* random() { for (let i = 0; i < totalMiB; i += 1) yield createHash('sha512').update(String(i)).digest().toString('hex').repeat(MIB / 128); })()), createWriteStream(source));
  const remote = '/var/tmp/somnus-guest-bench-file';
  await timed('write a file', totalMiB, async () => await channel.writeFile(remote, createReadStream(source), {}));
  await timed('read a file', totalMiB, async () => await pipeline((await channel.readFile(remote)).content, createWriteStream(join(scratchDir, 'back'))));
  const [sent, back, inGuest] = [await sha256(source), await sha256(join(scratchDir, 'back')), (await run(channel, ['sha256sum', remote])).stdout.split(' ')[0]];
  console.log(`checksums ${sent === back && sent === inGuest ? 'equal' : 'DIFFER'}`);
  await run(channel, ['rm', remote]);
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function bareClient(port: number, privateKey: string): Promise<ssh2.Client> {
  const client = new ssh2.Client();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  client.once('ready', resolve).once('error', reject).connect({
    host: '127.0.0.1', port, username: 'root', privateKey, readyTimeout: 120_000,
    algorithms: { cipher: ['aes128-ctr'], hmac: ['hmac-sha2-512-etm@openssh.com'], kex: ['curve25519-sha256'] },
  });
  await promise;
  client.setNoDelay(true);
  return client;
}

try {
  if (where === 'local') {
    await using sshd = await GuestSshd.start();
    const channel = sshd.channel();
    const bare = await bareClient(sshd.port, sshd.clientKey.privateKey);
    await measure(channel, bare);
    bare.end();
    await channel.close();
  } else {
    await using guest = await startGuestVm({ imageDir: where, scratchDir });
    const bare = await bareClient(guest.sshPort, guest.clientPrivateKey);
    await measure(guest.channel, bare);
    bare.end();
  }
} finally {
  await rm(scratchDir, { recursive: true, force: true });
}
