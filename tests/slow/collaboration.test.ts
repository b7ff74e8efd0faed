// A collaboration of three real VMs: they count the words of a corpus in parts, one VM is killed in the middle, the control plane too, and the merged counts are right.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pollUntil } from '../../common/deadline.ts';
import type { Collaboration, SubTask, SubTaskDetail } from '../../orchestrator/client/schema.d.ts';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { TestControlPlane } from '../support/control-plane.ts';

const NAMES = ['a', 'b', 'c'];
const PARTS = 6;
const WORDS_PER_PART = 20_000;

let somnus: TestControlPlane;
let folder: string;
beforeAll(async () => {
  somnus = await TestControlPlane.withImage();
  folder = somnus.dataDir;
  for (const part of Array.from({ length: PARTS }, (_, at) => at)) {
    const words = Array.from({ length: WORDS_PER_PART }, (_, at) => `word${(at * (part + 1)) % 97}`);
    await writeFile(join(folder, `part${part}`), `${words.join(' ')}\n`);
  }
  for (const name of NAMES) {
    await somnus.ok('create', name, '--profile', 'idle', '--restart', 'never');
    await somnus.ok('exec', name, '--', 'mkdir', '-p', '/srv/corpus');
    for (let part = 0; part < PARTS; part += 1) await somnus.ok('cp', join(folder, `part${part}`), `${name}:/srv/corpus/`);
  }
});
afterAll(async () => { await somnus[Symbol.asyncDispose](); });

const tasks = async (): Promise<SubTask[]> => (await somnus.json<Page<SubTask>>('collab', 'tasks', 'words')).items;

async function killVm(name: string): Promise<void> {
  const { id } = await somnus.json<Environment>('show', name);
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(pids.map(async (pid) => ((await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).match(new RegExp(`^[^\\0]*qemu-system[\\s\\S]*${id}`)) ? [Number(pid)] : [])));
  const [pid] = found.flat();
  if (pid === undefined) throw new Error(`${name} has no QEMU`);
  process.kill(pid, 'SIGKILL');
}

test('Three VMs count the words of a corpus in parts; one of them and the control plane are killed in the middle, and no word is lost or counted twice', async () => {
  const plan = join(folder, 'words.json');
  const count = 'const counts = {}; for (const word of require("fs").readFileSync(process.argv[1], "utf8").split(/\\s+/).filter(Boolean)) counts[word] = (counts[word] ?? 0) + 1; console.log(JSON.stringify(counts));';
  const sum = 'const { answers } = JSON.parse(require("fs").readFileSync(0, "utf8")); console.log(JSON.stringify({ total: answers.flatMap(({ answer }) => Object.values(JSON.parse(answer))).reduce((a, b) => a + b, 0) }));';
  await writeFile(plan, JSON.stringify({
    tasks: Array.from({ length: PARTS }, (_, part) => ({ name: `part${part}`, command: ['sh', '-c', 'sleep 15; exec node -e "$0" "$1"', count, `/srv/corpus/part${part}`] })),
    synthesis: { how: 'reduce', command: ['node', '-e', sum] },
  }));
  await somnus.ok('collab', 'start', '--task', 'Count the words', '--with', NAMES.join(','), '--plan', plan, '--name', 'words');
  await pollUntil('all members to work', { timeoutMs: 120_000, intervalMs: 500 }, async () => (new Set((await tasks()).filter(({ status }) => status === 'running').map(({ doneBy }) => doneBy)).size === NAMES.length ? true : undefined));
  const addresses = (await somnus.json<Collaboration>('collab', 'show', 'words')).members.map(({ ip }) => ip ?? '');
  const connect = ['timeout', '20', 'bash', '-c', `</dev/tcp/${addresses[2]}/22`]; // the port of its SSH server
  await somnus.ok('exec', 'a', '--', ...connect);
  await killVm('b');
  await somnus.end('SIGKILL');
  await somnus.up();
  expect(await somnus.ok('collab', 'result', 'words', '--wait')).toBe(`{"total":${PARTS * WORDS_PER_PART}}\n`);
  const details = await Promise.all((await tasks()).map(async ({ name }) => (await somnus.api('GET', `/v1/collaborations/words/tasks/${name}`)).body as SubTaskDetail));
  for (const { name, leases, status } of details) expect([name, status, leases.filter((lease) => lease.status === 'accepted').length]).toEqual([name, 'done', 1]);
  expect(details.flatMap(({ leases }) => leases).filter(({ member, status }) => member === 'b' && status !== 'accepted').length).toBeGreaterThan(0);
  expect((await somnus.cli(['exec', 'a', '--', ...connect])).code).not.toBe(0); // the network is closed again
}, 1_800_000);
