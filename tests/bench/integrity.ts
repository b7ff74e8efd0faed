// Checks that a guest's pages stay intact while its VM is resized, saved, restored, forked, hibernated and reset, in an order determined by a seed:
// npm run bench:integrity -- --minutes N [--seed S]. The last line is JSON; `differences` must be 0, and the exit code reflects it.
import { randomInt } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { TestControlPlane } from '../support/control-plane.ts';
import { CheckedGuest, PAGE_BYTES, resets } from '../support/integrity-guest.ts';

const { values: options } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: String(randomInt(2 ** 31)) } } });
const [minutes, seed] = [Number(options.minutes), Number(options.seed)];
if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error('--minutes takes a number above 0, --seed a whole number');
console.log(`seed ${seed}`);

const NAME = 'checked';
const FORK = 'checked-fork';
const MIB = 48;
const SNAPSHOTS_KEPT = 3;

/** Mulberry32 (Tommy Ettinger, public domain). */
let state = seed >>> 0;
function random(below: number): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
}

await using somnus = await TestControlPlane.withImage({ poolGiB: 12, settings: { deadlineScale: 5 } }); // this test is not about busy hosts
await mkdir(join(somnus.dataDir, 'profiles'), { recursive: true });
for (const [name, memoryMiB, vcpus] of [['large', 1024, 2], ['small', 512, 1]] as const) {
  const shape = { vcpus, vcpusMax: 4, memoryMiB, memoryMaxMiB: 1024, diskGiB: 20, cpuQuotaPercent: null, ioWeight: null };
  await writeFile(join(somnus.dataDir, 'profiles', `${name}.yaml`), stringify({ name, description: 'Of the benchmark', shape }));
}
await somnus.ok('create', NAME, '--profile', 'large');
const guest = new CheckedGuest(somnus, NAME, { seed: String(seed), mib: MIB });
let profile: 'small' | 'large' = 'large';
let snapshots: string[] = [];
let taken = 0;

class CommandFailed extends Error {}

const run = async (...args: string[]): Promise<void> => {
  const { code, stderr } = await somnus.cli(args);
  if (code !== 0) throw new CommandFailed(`somnus ${args.join(' ')} ended with ${code}: ${stderr}`);
};

const takeSnapshot = async (): Promise<void> => {
  taken += 1;
  const name = `s${taken}`;
  await run('snapshot', 'create', NAME, name);
  snapshots.push(name);
  if (snapshots.length > SNAPSHOTS_KEPT) await run('snapshot', 'rm', NAME, snapshots.splice(random(SNAPSHOTS_KEPT), 1)[0] ?? '', '--purge');
};

const fork = async (...from: string[]): Promise<void> => {
  await run('fork', NAME, FORK, ...from);
  const forked = guest.forkNamed(FORK);
  await forked.pass();
  await forked.assertQuiet();
  await run('rm', FORK, '--purge', '--yes');
};

const actions: Record<string, () => Promise<void>> = {
  resize: async () => {
    for (let times = 0; times < 3; times += 1) {
      profile = profile === 'large' ? 'small' : 'large';
      await run('profile', 'apply', NAME, profile);
    }
  },
  snapshot: takeSnapshot,
  restore: async () => {
    if (snapshots.length === 0) await takeSnapshot();
    await run('snapshot', 'restore', NAME, snapshots[random(snapshots.length)] ?? '', '--no-safety');
  },
  'fork of the present': async () => await fork(),
  'fork of a snapshot': async () => {
    if (snapshots.length === 0) await takeSnapshot();
    await fork('--from', snapshots[random(snapshots.length)] ?? '');
  },
  'hibernate and wake': async () => {
    await run('hibernate', NAME);
    await run('wake', NAME);
  },
  'suspend and resume': async () => {
    await run('suspend', NAME);
    await run('resume', NAME);
  },
  ...Object.fromEntries(resets.map((how) => [how, async () => await guest.reset(how)])),
};

const done: Record<string, number> = {};
/** Actions that failed: a busy host may cause failures, but the guest's pages must still be right. */
const failed: { action: string; error: string }[] = [];
let failure: string | undefined;
const startedAt = performance.now();
const kinds = Object.keys(actions);
try {
  await guest.begin();
  while (performance.now() - startedAt < minutes * 60_000) {
    const kind = kinds[random(kinds.length)] ?? '';
    console.log(`${((performance.now() - startedAt) / 60_000).toFixed(1)} min: ${kind}`);
    try {
      await actions[kind]?.();
      done[kind] = (done[kind] ?? 0) + 1;
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      console.log(error.message);
      failed.push({ action: kind, error: error.message });
    }
    await guest.pass();
  }
  await guest.assertQuiet();
} catch (error) {
  failure = error instanceof Error ? error.message : String(error);
  console.log(failure);
  process.exitCode = 1;
}
const { pagesChecked } = guest.tally;
console.log(JSON.stringify({
  minutes: Math.round((performance.now() - startedAt) / 6_000) / 10, seed, actions: done, failed, pagesChecked, bytesChecked: pagesChecked * PAGE_BYTES,
  differences: Number(/^(\d+) pages/.exec(failure ?? '')?.[1] ?? 0), failure: failure ?? null,
}));
