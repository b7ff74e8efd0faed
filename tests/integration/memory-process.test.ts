import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { MemoryProcess } from '../../orchestrator/memory/process/memory-process-handle.ts';
import { scratchMemory } from '../support/memory.ts';
import { alice } from '../support/operations.ts';

const SECRET = 'correct horse battery staple';
const MEMORIES = 5_000;
/** The longest time for which memory may delay anything else in the control plane. */
const MOST_MS = 50;

/** Measures how long this thread computes between two turns of a task that is due every few milliseconds. Uses CPU time, because other programs also delay it. */
async function longestDelay(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  const computed = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let last = computed();
  const timer = setInterval(() => {
    const now = computed();
    longest = Math.max(longest, now - last);
    last = now;
  }, 5);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return longest;
}

test(`unlocking, filtering, consolidating and forgetting ${MEMORIES} memories never delays the control plane by more than ${MOST_MS} ms`, async () => {
  await using scratch = scratchMemory();
  mkdirSync(join(scratch.dataDir, 'memory'));
  writeFileSync(join(scratch.dataDir, 'memory', 'memory.yaml'), 'embeddings: { enabled: false }\n');
  const memory = await scratch.parts.memory.service();
  await memory.setUp(alice, SECRET);
  for (let at = 0; at < MEMORIES; at += 1000) {
    await memory.rememberAll(alice, Array.from({ length: 1000 }, (_, i) => ({ type: 'conversation' as const, speaker: 'Ann', conversationId: `c${at}`, agentId: `agent ${i % 7}`, sessionId: `s${at}`, text: `Parcel ${at + i} of lorry ${(at + i) % 97} went from the harbor to depot ${(at + i) % 13}.` })));
  }
  const steps: Record<string, () => Promise<unknown>> = {
    lock: async () => await memory.lock(alice),
    unlock: async () => await memory.unlock(alice, { secret: SECRET }),
    recall: async () => await memory.recall(alice, { query: 'Which lorry took parcel 77?', agentId: 'agent 3' }),
    consolidate: async () => await memory.consolidate(alice, { budget: 2000 }),
    forget: async () => await memory.forget(alice, { agentId: 'agent 5' }),
  };
  const delays: Record<string, number> = {};
  for (const [name, step] of Object.entries(steps)) delays[name] = await longestDelay(step);
  expect(Object.entries(delays).filter(([, ms]) => ms > MOST_MS)).toEqual([]);
});

test('after a memory process exits, the next call starts another; acknowledged changes are there, and the space is locked', async () => {
  await using scratch = scratchMemory();
  const { memory } = scratch.parts;
  const before = await memory.service();
  await before.setUp(alice, SECRET);
  await before.remember(alice, { text: 'The kiln reaches 1200 degrees.' });
  const first = memory.current;
  if (!(first instanceof MemoryProcess)) throw new Error('memory runs in this process');
  expect(readFileSync(`/proc/${first.pid}/limits`, 'utf8')).toMatch(/Max core file size +0 +0/);
  process.kill(first.pid ?? Number.NaN, 'SIGKILL');
  await expect(before.remember(alice, { text: 'The kiln is in the yard.' })).rejects.toMatchObject({ code: 'unavailable' });
  await first.ended;
  await delay(0); // the handling of its end
  const after = await memory.service();
  await expect(after.list(alice, {})).rejects.toMatchObject({ code: 'locked' });
  await after.unlock(alice, { secret: SECRET });
  expect((await after.list(alice, {})).items).toMatchObject([{ text: 'The kiln reaches 1200 degrees.' }]);
  const second = memory.current;
  expect(second instanceof MemoryProcess && second.pid).not.toBe(first.pid);
});

test('it ends with the control plane, even if that is killed', async () => {
  const parent = spawn(process.execPath, ['tests/fault/memory-process-parent.ts'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(parent.stdout, 'data') as [Buffer];
  const pid = Number(line.toString());
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('somnus-memory');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await expect.poll(() => { try { return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] ?? ''; } catch { return 'gone'; } }, { timeout: 20_000 }).toMatch(/gone|Z/);
});
