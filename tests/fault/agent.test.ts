// The agent in a real VM is killed and made to hang, its disk fills up, its clock jumps, and its VM is restored and forked: it recovers, and the host never shows old data as current.
import { beforeAll, expect, test } from 'vitest';
import { pollUntil } from '../../common/deadline.ts';
import type { EnvironmentHealth, Incident, IncidentList } from '../../orchestrator/agent/agent-schemas.ts';
import type { Event } from '../../orchestrator/events/event.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { TestControlPlane } from '../support/control-plane.ts';

/** The limit that is promised, and the deadline on a busy host. */
const UNREACHABLE_MS = 10_000;
const RECOVERED = { timeoutMs: 400_000, intervalMs: 500 };
const NAME = 'patient';

let somnus: TestControlPlane;
const guest = async (script: string, name = NAME): Promise<string> => (await somnus.ok('exec', name, '--', 'sh', '-c', script)).trim();
const health = async (name = NAME): Promise<EnvironmentHealth> => (await somnus.api('GET', `/v1/environments/${name}/agent/health`)).body as EnvironmentHealth;
const listed = async (name = NAME): Promise<IncidentList> => (await somnus.api('GET', `/v1/environments/${name}/agent/incidents`)).body as IncidentList;
const agentPid = async (): Promise<string> => await guest('systemctl show -p MainPID --value somnus-agent.service');
const answers = async (name = NAME): Promise<EnvironmentHealth> => await pollUntil(`the agent of ${name}`, RECOVERED, async () => {
  const found = await health(name);
  return found.state === 'ok' || found.state === 'attention' ? found : undefined;
});
const counted = async (word: string, count: number, name = NAME): Promise<Incident> => await pollUntil(`${count} lines about ${word}`, RECOVERED, async () => (await listed(name)).items.find((each) => each.place === word && each.count === count));
const write = async (word: string, lines: number, name = NAME): Promise<void> => { await guest(`for i in $(seq ${lines}); do logger -t ${word} 'connection to database refused: ECONNREFUSED'; done`, name); };

beforeAll(async () => {
  somnus = await TestControlPlane.withImage();
  await somnus.ok('create', NAME, '--profile', 'idle');
  await answers();
});

test('A killed agent is restarted, and counts every line once', async () => {
  await write('killed', 5);
  await counted('killed', 5);
  await guest(`kill -KILL ${await agentPid()}`);
  await write('killed', 3);
  expect((await counted('killed', 8)).category).toBe('NETWORK_FAILURE');
});

test('An agent that hangs is reported as unreachable within ten seconds, with the time since when, and systemd restarts it', async () => {
  const { items } = await listed();
  const pid = await agentPid();
  const before = await health();
  await guest(`kill -STOP ${pid}`);
  const stoppedAt = Date.now();
  const event = await pollUntil('the event agent.unreachable', { timeoutMs: 5 * UNREACHABLE_MS, intervalMs: 100 }, async () => (
    ((await somnus.api('GET', `/v1/events?limit=100&subject=${NAME}&type=agent.unreachable`, { headers: { accept: 'application/json' } })).body as Page<Event>).items.find(({ at }) => Date.parse(at) >= stoppedAt - 1000)
  ));
  console.log(`unreachable after ${Date.parse(event.at) - stoppedAt} ms`);
  const found = await health();
  if (found.state === 'unreachable') { // unless systemd was quicker
    expect(Date.parse(found.unreachableSince!)).toBeGreaterThanOrEqual(Date.parse(before.asOf!));
    expect(Date.parse(found.unreachableSince!)).toBeLessThanOrEqual(stoppedAt + 1000);
    expect(found).toMatchObject({ watched: null, reading: null });
    expect(await listed()).toMatchObject({ current: false });
  }
  await answers();
  expect(await agentPid()).not.toBe(pid);
  // What was not saved yet is read again, and has another id.
  const what = (incidents: readonly Incident[]): string[] => incidents.map(({ place, template }) => `${place}: ${template}`);
  await expect.poll(async () => what((await listed()).items), { timeout: RECOVERED.timeoutMs, interval: RECOVERED.intervalMs }).toEqual(expect.arrayContaining(what(items)));
});

test('On a full disk, the agent keeps its incidents in memory, reports that it cannot save them, and saves them when there is space', async () => {
  await guest('fallocate -l $(df --output=avail -B1 / | tail -n 1) /root/filler; dd if=/dev/zero of=/root/filler2 bs=4k 2>/dev/null || true');
  await somnus.cli(['exec', NAME, '--', 'sh', '-c', "echo 'fatal: connection refused' >&2; exit 1"]);
  await pollUntil('the incident', RECOVERED, async () => (await listed()).items.find(({ place }) => place === 'command echo'));
  await pollUntil('the problem', RECOVERED, async () => ((await health()).reading?.problems.some((problem) => problem.includes('cannot be saved')) === true ? true : undefined));
  await guest('rm -f /root/filler /root/filler2');
  await pollUntil('the save', RECOVERED, async () => ((await health()).reading?.problems.length === 0 ? true : undefined));
  await guest(`kill -KILL ${await agentPid()}`);
  await answers();
  expect((await listed()).items.some(({ place }) => place === 'command echo')).toBe(true);
});

test.each(['+2 days', '-1 day'])('The agent keeps reading when the clock jumps by %s', async (jump) => {
  const word = jump.startsWith('+') ? 'future' : 'past';
  await guest(`date -s '${jump}' >/dev/null`);
  await write(word, 4);
  await counted(word, 4);
  expect((await answers()).unreachableSince).toBeNull();
});

test('A restored VM has the incidents of its snapshot, and continues counting from there', async () => {
  await write('restored', 2);
  await counted('restored', 2);
  await somnus.ok('snapshot', 'create', NAME, 'base');
  await write('restored', 3);
  await write('undone', 1);
  await counted('undone', 1);
  await somnus.ok('snapshot', 'restore', NAME, 'base', '--no-safety');
  await answers();
  expect((await listed()).items.some(({ place }) => place === 'undone')).toBe(false);
  await write('restored', 1);
  await counted('restored', 3);
});

test('A fork has an agent of its own', async () => {
  await somnus.ok('fork', NAME, 'twin');
  await answers('twin');
  await write('forked', 2, 'twin');
  await counted('forked', 2, 'twin');
  expect((await listed()).items.some(({ place }) => place === 'forked')).toBe(false);
  await somnus.ok('rm', 'twin', '--purge', '--yes');
});
