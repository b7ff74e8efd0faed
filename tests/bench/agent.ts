// Measures the agent in a real VM: npm run bench:agent -- [--lines N] [--idle SECONDS]
// How much of a CPU it uses while nothing happens, and how long a line of the journal takes until the API shows its incident, beside the agent's answer alone. The last line is JSON.
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { AgentClient } from '../support/agent-client.ts';
import { TestControlPlane } from '../support/control-plane.ts';

const NAME = 'measured';
const GAP_S = 3;
/** Just started units of a boot use the CPU that an idle agent is measured on. */
const SETTLED_MS = 60_000;
const CLOCK_SAMPLES = 20;

const { values } = parseArgs({ options: { lines: { type: 'string', default: '20' }, idle: { type: 'string', default: '120' } } });
const quantile = (of: readonly number[], part: number): number => Math.round(of.toSorted((a, b) => a - b)[Math.min(of.length - 1, Math.floor(of.length * part))] ?? 0);

await using somnus = await TestControlPlane.withImage();
await somnus.ok('create', NAME, '--profile', 'idle');
const agent = new AgentClient(somnus, NAME);
await delay(SETTLED_MS);

const usedMs = async (): Promise<number> => Number(await agent.guest('systemctl show -p CPUUsageNSec --value somnus-agent.service')) / 1e6;
const [usedBefore, since] = [await usedMs(), performance.now()];
await delay(Number(values.idle) * 1000);
const idleCpuPercent = Math.round(1000 * (await usedMs() - usedBefore) / (performance.now() - since)) / 10;

/** How far the guest's clock is ahead of the host's, in milliseconds: by the question with the fastest answer, to within half of its duration. */
async function clockAhead(): Promise<{ aheadMs: number; withinMs: number }> {
  const samples: { aheadMs: number; withinMs: number }[] = [];
  for (let sample = 0; sample < CLOCK_SAMPLES; sample += 1) {
    const sentAt = Date.now();
    const guestMs = Number(await agent.guest('date +%s%3N'));
    const answeredAt = Date.now();
    samples.push({ aheadMs: Math.round(guestMs - (sentAt + answeredAt) / 2), withinMs: Math.round((answeredAt - sentAt) / 2) });
  }
  return samples.toSorted((a, b) => a.withinMs - b.withinMs)[0]!;
}

const clock = await clockAhead();
const words = Array.from({ length: Number(values.lines) }, (_, at) => `probe${at}x`);
const writing = agent.guest(`for word in ${words.join(' ')}; do sleep ${GAP_S}; logger -t $word 'connection to database refused: ECONNREFUSED'; done`);
const tookMs: number[] = [];
const answerMs: number[] = [];
for (const word of words) {
  const { firstAt } = await agent.seen('NETWORK_FAILURE', word);
  tookMs.push(Date.now() - (Date.parse(firstAt) - clock.aheadMs));
  const askedAt = performance.now();
  await agent.incidents();
  answerMs.push(performance.now() - askedAt);
}
await writing;
console.log(JSON.stringify({
  idleCpuPercent, guestClock: clock,
  lineToApiMs: { p50: quantile(tookMs, 0.5), p95: quantile(tookMs, 0.95), max: Math.max(...tookMs), lines: tookMs.length },
  apiAnswerMs: { p50: quantile(answerMs, 0.5), p95: quantile(answerMs, 0.95) },
}));
