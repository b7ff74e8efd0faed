// Compares actions in containers with `docker run` of the same command with the same limits: with a warm image, and twenty at once. Also measures how much a bomb in a container slows down a program elsewhere: `npm run bench:containers`. Needs a Docker engine; builds the image if it is missing.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Config } from '../../common/config.ts';
import { createLogger } from '../../common/log.ts';
import { runCommand } from '../../common/run-command.ts';
import { ContainerImages } from '../../orchestrator/containers/container-images.ts';
import { ContainerRunner } from '../../orchestrator/containers/container-runner.ts';
import { DockerEngine } from '../../orchestrator/containers/docker-engine.ts';
import { ExecRequest } from '../../supervisor/guest/guest-channel.ts';
import { GuestSshd } from '../support/guest-sshd.ts';

const ROUNDS = 20;
const AT_ONCE = 20;
const LIMIT = 1.3;
const EXECS = 40;
const SLOWER = 1.5;

const { containers: { socket, memoryMiB, folderMiB, cpus, atOnce } } = Config.parse({});
const log = createLogger({ level: 'silent' });
const engine = new DockerEngine(socket);
const folder = await mkdtemp(join(tmpdir(), 'somnus-bench-'));
const images = new ContainerImages({ engine, folder, closing: new AbortController().signal, log });
const runner = new ContainerRunner({ engine, images, installation: `bench-${randomUUID().slice(0, 8)}`, limits: { memoryMiB, folderMiB, cpus }, atOnce, log });

async function action(word: string): Promise<string> {
  const process = await runner.run({ id: `act_${randomUUID()}`, image: 'base', request: ExecRequest.parse({ command: ['echo', word] }), filesIn: [], filesOut: [], channel: async () => { throw new Error('not needed'); } });
  process.stdin.end();
  const [stdout] = await Promise.all([text(process.stdout), text(process.stderr), process.exit]);
  return stdout.trim();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

try {
  const image = await images.ensure('base');
  const tmpfs = `rw,exec,nosuid,nodev,size=${folderMiB}m,uid=10001`;
  const plain = ['run', '--rm', '--network', 'none', '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--user', '10001:10001', '--pids-limit', '256', '--memory', `${memoryMiB}m`, '--memory-swap', `${memoryMiB}m`,
    '--cpus', String(cpus), '--log-driver', 'none', '--tmpfs', `/work:${tmpfs}`, '--tmpfs', `/tmp:${tmpfs}`, image, 'echo', 'x'];
  const docker = async (): Promise<unknown> => await runCommand('docker', ['--host', `unix://${socket}`, ...plain], { timeoutMs: 120_000 });
  await action('warm');
  await docker();
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) { // in turns, so that both see the same load
    ours.push(await timed(async () => await action('x')));
    theirs.push(await timed(docker));
  }
  const ratio = median(ours) / median(theirs);
  console.log(`container action: median ${median(ours).toFixed(0)} ms, docker run ${median(theirs).toFixed(0)} ms, ratio ${ratio.toFixed(2)} (limit ${LIMIT}), ${ROUNDS} rounds`);
  let results: string[] = [];
  const togetherMs = await timed(async () => { results = await Promise.all(Array.from({ length: AT_ONCE }, async (_, at) => await action(String(at)))); });
  const right = results.filter((word, at) => word === String(at)).length;
  console.log(`${AT_ONCE} at once, ${atOnce} at a time: ${right} right, ${togetherMs.toFixed(0)} ms`);
  // An sshd on this host stands in for a VM, whose programs share the host's CPUs with containers.
  await using sshd = await GuestSshd.start();
  const channel = sshd.channel();
  const exec = async (): Promise<void> => {
    const process = await channel.exec({ command: ['true'], env: {} });
    process.stdin.end();
    process.stdout.resume();
    process.stderr.resume();
    await process.exit;
  };
  const latency = async (): Promise<number> => {
    const times: number[] = [];
    for (let round = 0; round < EXECS; round += 1) times.push(await timed(exec));
    return median(times);
  };
  await exec();
  let worst = 0;
  for (const [name, bomb] of [['fork bomb', 'bomb() { bomb | bomb & }; bomb; sleep 600'], ['memory bomb', 'while :; do head -c 4g /dev/zero | tail; done'], ['disk bomb', 'while :; do head -c 4g /dev/zero >/work/x; done']] as const) {
    const before = await latency();
    const leave = new AbortController();
    const process = await runner.run({ id: `act_${randomUUID()}`, image: 'base', request: ExecRequest.parse({ command: `echo ready; ${bomb}` }), filesIn: [], filesOut: [], channel: async () => channel }, leave.signal);
    process.stderr.resume();
    await once(process.stdout, 'data');
    const during = await latency();
    leave.abort();
    await process.exit.catch(() => {});
    const after = await latency();
    const slower = during / ((before + after) / 2);
    worst = Math.max(worst, slower);
    console.log(`${name}: exec elsewhere ${before.toFixed(1)} ms before, ${during.toFixed(1)} ms during, ${after.toFixed(1)} ms after: ${slower.toFixed(2)} times (limit ${SLOWER})`);
  }
  await channel.close();
  if (ratio > LIMIT || right !== AT_ONCE || worst > SLOWER) process.exitCode = 1;
} finally {
  await runner.stop();
  await rm(folder, { recursive: true, force: true });
}
