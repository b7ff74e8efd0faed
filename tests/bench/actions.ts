// Measures the action router: the time of a decision, and how many labelled commands it places right (`npm run bench:actions`).
import { routeAction } from '../../orchestrator/actions/routing/route-action.ts';
import { builtInRules } from '../../orchestrator/actions/routing/rules/all.ts';
import { heldOut, tuned, type LabelledCommand } from '../unit/actions/labelled-commands.ts';

const ROUNDS = 40;
const LIMIT_MS = 5;

const all = [...tuned, ...heldOut];
const decide = ({ command }: LabelledCommand) => routeAction({ command, context: 'auto', hints: {}, past: undefined, load: undefined, unavailable: {} }, builtInRules);

const first = performance.now();
decide(all[0] as LabelledCommand);
const firstMs = performance.now() - first;
const times: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  for (const command of all) {
    const startedAt = performance.now();
    decide(command);
    times.push(performance.now() - startedAt);
  }
}
times.sort((a, b) => a - b);
const percentile = (share: number): number => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0;
const figure = (ms: number): string => `${ms.toFixed(3)} ms`;
console.log(`decisions: ${times.length} of ${all.length} commands, ${builtInRules.length} rules`);
console.log(`first ${figure(firstMs)}, p50 ${figure(percentile(0.5))}, p95 ${figure(percentile(0.95))} (limit ${LIMIT_MS} ms), p99 ${figure(percentile(0.99))}, longest ${figure(percentile(1))}`);
for (const [name, table] of [['tuned', tuned], ['held out', heldOut]] as const) {
  const right = table.filter((one) => {
    const { context, class: kind } = decide(one);
    return context === one.context && kind === one.class;
  });
  console.log(`${name}: ${right.length} of ${table.length} right (${((right.length / table.length) * 100).toFixed(1)} %)`);
}
if (percentile(0.95) > LIMIT_MS) process.exitCode = 1;
