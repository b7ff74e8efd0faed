// Measures how long actions on an environment take, compared with libvirt and SSH alone in the same run: node tests/bench/lifecycle.ts [ROUNDS]
// Uses the API of its own control plane, with VMs of 512 MiB. Milliseconds. The last line is JSON.
import { once } from 'node:events';
import { chown, mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import ssh2 from 'ssh2';
import { stringify } from 'yaml';
import { newId } from '../../common/ids.ts';
import { runCommand } from '../../common/run-command.ts';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { Operation } from '../../orchestrator/operations/operation.ts';
import { TestControlPlane } from '../support/control-plane.ts';

const rounds = Number(process.argv[2] ?? 10);
const ON_RECORD = 100;

interface Quantiles { p50: number; p95: number }

const quantiles = (values: readonly number[]): Quantiles => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 10) / 10;
  return { p50: at(0.5), p95: at(0.95) };
};

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};

const repeat = async (times: number, work: (round: number) => Promise<number>): Promise<number[]> => {
  const values: number[] = [];
  for (let round = 0; round < times; round += 1) values.push(await work(round));
  return values;
};

const beside = (own: readonly number[], floor: readonly number[]) => {
  const [mine, theirs] = [quantiles(own), quantiles(floor)];
  return { ...mine, floor: theirs, ratio: Math.round((mine.p50 / theirs.p50) * 100) / 100 };
};

await using somnus = await TestControlPlane.start({ poolGiB: 24 });
await somnus.ok('image', 'build');
await mkdir(join(somnus.dataDir, 'profiles'), { recursive: true });
const shape = { vcpus: 1, vcpusMax: 4, memoryMiB: 512, memoryMaxMiB: 512, diskGiB: 20, cpuQuotaPercent: null, ioWeight: null };
await writeFile(join(somnus.dataDir, 'profiles', 'bench.yaml'), stringify({ name: 'bench', description: 'Of the benchmark', shape }));

/** Waits for the operation, if there is one. @throws when it failed */
async function act(method: string, path: string, body?: unknown): Promise<Operation | null> {
  const answer = await somnus.api(method, `${path}${path.includes('?') ? '&' : '?'}wait=600`, body === undefined ? {} : { body });
  const { operation } = answer.body as { operation: Operation | null };
  if (answer.status !== 200 || (operation !== null && operation.status !== 'succeeded')) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return operation;
}

const at = (name: string, more = ''): string => `/v1/environments/${name}${more}`;
const create = async (name: string): Promise<number> => await timed(async () => await act('POST', '/v1/environments', { name, profile: 'bench', cold: true }));
const purge = async (name: string): Promise<unknown> => await act('DELETE', at(name, '?purge=true'));
const show = async (name: string): Promise<Environment> => (await somnus.api('GET', at(name))).body as Environment;
const virsh = async (...args: string[]): Promise<number> => await timed(async () => await runCommand('virsh', ['--quiet', ...args], { timeoutMs: 120_000 }));

/** A plain libvirt domain with the disk and hardware of an environment, which is stopped for it. Somnus does not manage it. It has no network. */
async function bareTwin(name: string): Promise<string> {
  const { id } = await show(name);
  const folder = join(somnus.dataDir, 'pool', 'environments', id);
  const { stdout } = await runCommand('virsh', ['dumpxml', '--inactive', `somnus-${await somnus.installation()}-${id}`]);
  await act('POST', at(name, '/stop'), {});
  const { uid, gid } = await stat(join(folder, 'disk'));
  await writeFile(join(folder, 'ram'), '');
  await truncate(join(folder, 'ram'), shape.memoryMaxMiB * 2 ** 20);
  await chown(join(folder, 'ram'), uid, gid);
  const twin = `bench-${id}`;
  const xml = stdout.replace(/<name>[^<]*/, `<name>${twin}`).replace(/<uuid>.*<\/uuid>/, '').replace(/<interface[\s\S]*<\/interface>/, '');
  await writeFile(`${somnus.dataDir}.xml`, xml);
  await runCommand('virsh', ['create', `${somnus.dataDir}.xml`]);
  await rm(`${somnus.dataDir}.xml`);
  return twin;
}

const created = await repeat(Math.min(rounds, 3), async (round) => {
  const ms = await create(`cold-${round}`);
  if (round > 0) await purge(`cold-${round}`);
  return ms;
});
const subject = 'cold-0';
await create('floor');
const floorDomain = await bareTwin('floor');
await using _end = { [Symbol.asyncDispose]: async () => { await runCommand('virsh', ['destroy', floorDomain], { allowExit: [1] }); } };
await new Promise((resolve) => { setTimeout(resolve, 20_000); }); // the rest of the boot

const standing = { suspend: [] as number[], resume: [] as number[] };
const floorStanding = { suspend: [] as number[], resume: [] as number[] };
for (let round = 0; round < rounds * 3; round += 1) {
  for (const action of ['suspend', 'resume'] as const) {
    standing[action].push(await timed(async () => await act('POST', at(subject, `/${action}`))));
    floorStanding[action].push(await virsh(action, floorDomain));
  }
}

const { ip, id } = await show(subject);
const bare = new ssh2.Client();
bare.connect({ host: ip, username: 'root', privateKey: await readFile(join(somnus.dataDir, 'keys', id, 'client'), 'utf8') });
await once(bare, 'ready');
const bareExec = async (): Promise<number> => await timed(async () => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  bare.exec('/bin/true', (error, stream) => {
    if (error) return reject(error);
    stream.resume().once('close', () => resolve());
  });
  await promise;
});
const exec = async (): Promise<number> => await timed(async () => {
  const answer = await fetch(`${somnus.url}${at(subject, '/exec')}`, {
    method: 'POST', body: JSON.stringify({ command: ['/bin/true'] }), headers: { authorization: `Bearer ${somnus.key}`, 'content-type': 'application/json', accept: 'application/x-ndjson' },
  });
  if (!(await answer.text()).includes('"code":0')) throw new Error(`exec: ${answer.status}`);
});
const execs: number[] = [];
const bareExecs: number[] = [];
for (let round = 0; round < rounds * 3; round += 1) {
  execs.push(await exec());
  bareExecs.push(await bareExec());
}

/** The longest interval between two lines of a guest program that writes one every few milliseconds. */
async function longestSilence(during: () => Promise<unknown>): Promise<number> {
  const { promise: opened, resolve, reject } = Promise.withResolvers<ssh2.ClientChannel>();
  bare.exec('exec python3 -uc "import time\nwhile True: print(1); time.sleep(0.004)"', (error, stream) => { if (error) reject(error); else resolve(stream); });
  const stream = await opened;
  await once(stream, 'data');
  let [last, longest] = [performance.now(), 0];
  stream.on('data', () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  });
  await new Promise((settle) => { setTimeout(settle, 300); });
  longest = 0;
  await during();
  await once(stream, 'data');
  stream.close();
  return longest;
}

const stoodStill: number[] = [];
const silences: number[] = [];
const snapshots = await repeat(rounds, async (round) => {
  let ms = 0;
  silences.push(await longestSilence(async () => {
    ms = await timed(async () => {
      const operation = await act('POST', at(subject, '/snapshots'), { name: `s${round}` });
      if (operation) stoodStill.push((operation.result as { suspendedMs: number }).suspendedMs);
    });
  }));
  return ms;
});
const quiet = await repeat(rounds, async () => await longestSilence(async () => await new Promise((resolve) => { setTimeout(resolve, 250); })));
bare.destroy(); // its guest is about to be replaced and could not answer

const restores = await repeat(rounds, async () => await timed(async () => await act('POST', at(subject, '/snapshots/s0/restore'), { safety: false })));
const forks = await repeat(rounds, async () => {
  const ms = await timed(async () => await act('POST', at(subject, '/fork'), { name: 'fork' }));
  await purge('fork');
  return ms;
});

const saved = join(somnus.dataDir, 'floor.save');
const floorRestores = await repeat(3, async () => await virsh('save', floorDomain, saved) + await virsh('restore', saved));
const floorFolder = join(somnus.dataDir, 'pool', 'environments', floorDomain.replace('bench-', ''));
const floorSnapshots = await repeat(3, async (round) => {
  // Made beforehand, because the VM has a user of its own and libvirt would make it for another one.
  const overlay = join(floorFolder, `overlay${round}`);
  const [backing, format] = round === 0 ? [join(floorFolder, 'disk'), 'raw'] : [join(floorFolder, `overlay${round - 1}`), 'qcow2'];
  await runCommand('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', backing, '-F', format, '-u', overlay, `${shape.diskGiB}G`]);
  const { uid, gid } = await stat(join(floorFolder, 'disk'));
  await chown(overlay, uid, gid);
  return await virsh('snapshot-create-as', floorDomain, '--no-metadata', '--live', '--reuse-external', '--memspec', `file=${saved}.mem${round},snapshot=external`, '--diskspec', `vda,snapshot=external,file=${overlay}`);
});
for (const file of [saved, ...floorSnapshots.keys().map((round) => `${saved}.mem${round}`)]) await rm(file, { force: true });

// Copies one record: reads cost the same, and no VM is needed for each.
await somnus.end();
const database = new Database(join(somnus.dataDir, 'somnus.db'));
const row = database.prepare<[], { record: string }>("SELECT record FROM environments WHERE name = 'cold-0'").get();
for (let copy = 0; copy < ON_RECORD; copy += 1) {
  const record = { ...JSON.parse(row?.record ?? '{}') as Environment & { networkIndex: number }, id: newId('env'), name: `copy-${copy}`, state: 'stopped', desiredState: 'stopped', networkIndex: 1000 + copy };
  database.prepare('INSERT INTO environments (id, owner, name, state, profile, network_index, purge_at, record) VALUES (@id, @owner, @name, @state, @profile, @networkIndex, NULL, @json)')
    .run({ ...record, labels: undefined, json: JSON.stringify(record) });
}
database.close();
await somnus.up();
const reads = await repeat(rounds * 10, async () => await timed(async () => await somnus.api('GET', '/v1/environments?limit=100')));
const health = await repeat(rounds * 10, async () => await timed(async () => await somnus.api('GET', '/healthz', { key: null })));

console.log(JSON.stringify({
  rounds,
  create: quantiles(created),
  suspend: beside(standing.suspend, floorStanding.suspend),
  resume: beside(standing.resume, floorStanding.resume),
  exec: beside(execs, bareExecs),
  snapshot: beside(snapshots, floorSnapshots),
  standingStill: { ...quantiles(stoodStill), seenFromOutside: quantiles(silences), withoutSnapshot: quantiles(quiet) },
  restore: beside(restores, floorRestores),
  fork: beside(forks, floorRestores),
  reads: beside(reads, health),
}));
