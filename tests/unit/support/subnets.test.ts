import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { holdSubnet } from '../../support/subnets.ts';

test('Test runs that start at the same time get different subnets, and a subnet is free again when its holder releases it or ends', async () => {
  const held = await Promise.all(Array.from({ length: 8 }, async () => await holdSubnet(40)));
  expect(new Set(held.map(({ subnet }) => subnet)).size).toBe(8);
  const [first] = held;
  // Another process sees the same claims.
  const other = spawn(process.execPath, ['--input-type=module', '--eval', `
    const { holdSubnet } = await import(${JSON.stringify(new URL('../../support/subnets.ts', import.meta.url).href)});
    console.log((await holdSubnet(40)).subnet); process.stdin.resume();`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(other.stdout, 'data') as [Buffer];
  const theirs = line.toString().trim();
  expect(held.map(({ subnet }) => subnet)).not.toContain(theirs);
  const ended = once(other, 'exit');
  other.kill('SIGKILL');
  await ended;
  const start = Number(theirs.split('.')[1]) - 100;
  using again = await holdSubnet(start);
  expect(again.subnet).toBe(theirs);
  for (const each of held) each[Symbol.dispose]();
  using free = await holdSubnet(Number(first?.subnet.split('.')[1]) - 100);
  expect(free.subnet).toBe(first?.subnet);
});
