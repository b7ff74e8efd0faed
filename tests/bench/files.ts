// Measures files through Somnus beside OpenSSH alone on the same VM, in the same run: node tests/bench/files.ts [MiB]
// PUT of a small file over REST beside `cat` through an open SSH connection; `somnus cp` of a large file in and out beside scp. The last line is JSON.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { runCommand } from '../../common/run-command.ts';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import { makeDiskFolder } from '../support/clean-up.ts';
import { TestControlPlane } from '../support/control-plane.ts';

const sizeMiB = Number(process.argv[2] ?? 500);
const PUTS = 20;
const NAME = 'files';

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};
const quantile = (values: readonly number[], part: number): number => Math.round(values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0);
const ratio = (own: number, floor: number): number => Math.round((own / floor) * 100) / 100;

await using somnus = await TestControlPlane.withImage({ poolGiB: 12 });
await somnus.ok('create', NAME, '--profile', 'idle');
const { id, ip } = await somnus.json<Environment>('show', NAME);
const folder = await makeDiskFolder();
await using _folder = { [Symbol.asyncDispose]: async () => { await rm(folder, { recursive: true }); } };
const key = join(somnus.dataDir, 'keys', id, 'client');
const socket = join(folder, 'ssh');
const options = ['-F', 'none', '-i', key, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', '-o', 'BatchMode=yes'];
await runCommand('ssh', [...options, '-o', 'ControlMaster=yes', '-o', `ControlPath=${socket}`, '-o', 'ControlPersist=yes', '-Nf', `root@${ip}`]);
await using _ssh = { [Symbol.asyncDispose]: async () => { await runCommand('ssh', ['-o', `ControlPath=${socket}`, '-O', 'exit', `root@${ip}`], { allowExit: [255] }); } };

const content = randomBytes(2048);
const small: number[] = [];
const bareSmall: number[] = [];
for (let round = 0; round < PUTS; round += 1) {
  small.push(await timed(async () => {
    const answer = await fetch(`${somnus.url}/v1/environments/${NAME}/files?path=/root/small`, { method: 'PUT', body: content, headers: { authorization: `Bearer ${somnus.key}` } });
    if (answer.status !== 200) throw new Error(`PUT: ${answer.status} ${await answer.text()}`);
  }));
  bareSmall.push(await timed(async () => await runCommand('ssh', [...options, '-o', `ControlPath=${socket}`, `root@${ip}`, 'cat >/root/bare'], { input: 'x'.repeat(content.length) })));
}

const large = join(folder, 'large');
await writeFile(large, randomBytes(sizeMiB * 2 ** 20));
const limit = { timeoutMs: 3_600_000 };
const scp = async (...places: string[]): Promise<number> => await timed(async () => await runCommand('scp', ['-q', ...options, '-o', `ControlPath=${socket}`, ...places], limit));
const copy = { in: await timed(async () => await somnus.ok('cp', large, `${NAME}:/root/large`)), out: 0 };
const floor = { in: await scp(large, `root@${ip}:/root/bare-large`), out: 0 };
copy.out = await timed(async () => await somnus.ok('cp', `${NAME}:/root/large`, join(folder, 'own')));
floor.out = await scp(`root@${ip}:/root/bare-large`, join(folder, 'bare'));
if (!(await readFile(join(folder, 'own'))).equals(await readFile(large))) throw new Error('the copied file differs');

const way = (own: number, bare: number) => ({ mibPerSecond: Math.round(sizeMiB / own * 1e4) / 10, scp: Math.round(sizeMiB / bare * 1e4) / 10, ratio: ratio(own, bare) });
console.log(JSON.stringify({
  putSmallMs: { p50: quantile(small, 0.5), p95: quantile(small, 0.95), bareSshP50: quantile(bareSmall, 0.5), ratio: ratio(quantile(small, 0.5), quantile(bareSmall, 0.5)) },
  sizeMiB, copyIn: way(copy.in, floor.in), copyOut: way(copy.out, floor.out),
}));
