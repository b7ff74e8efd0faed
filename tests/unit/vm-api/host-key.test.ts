import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostKey } from '../../../orchestrator/vm-api/host-key.ts';
import { RequestRate } from '../../../orchestrator/vm-api/request-rate.ts';
import { VmTokens } from '../../../orchestrator/vm-api/vm-tokens.ts';
import { scratchFolder } from '../../support/operations.ts';

test('The host key is made once, is readable only by its owner, and gives each purpose its own key', async () => {
  using folder = scratchFolder();
  const path = join(folder.path, 'keys', 'host.key');
  const first = await hostKey(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const second = await hostKey(path);
  expect(second('a').equals(first('a'))).toBe(true);
  expect(second('a').equals(second('b'))).toBe(false);
  expect(readFileSync(path, 'utf8')).not.toContain(second('a').toString('hex'));
});

test('A host key that others can read, or that is damaged, is refused and not replaced', async () => {
  using folder = scratchFolder();
  const path = join(folder.path, 'host.key');
  await hostKey(path);
  chmodSync(path, 0o644);
  await expect(hostKey(path)).rejects.toMatchObject({ code: 'forbidden' });
  chmodSync(path, 0o600);
  writeFileSync(path, 'short\n');
  await expect(hostKey(path)).rejects.toMatchObject({ code: 'corrupt' });
  expect(readFileSync(path, 'utf8')).toBe('short\n');
});

test('A token is valid for its environment only', () => {
  const tokens = new VmTokens(Buffer.alloc(32, 1));
  expect(tokens.matches('env_a', tokens.of('env_a'))).toBe(true);
  for (const wrong of [tokens.of('env_b'), '', tokens.of('env_a').slice(0, -1), `${tokens.of('env_a')}0`, new VmTokens(Buffer.alloc(32, 2)).of('env_a')]) expect(tokens.matches('env_a', wrong)).toBe(false);
});

test('After a burst, requests are admitted at the steady rate, each environment by itself', () => {
  let nowMs = 0;
  const rate = new RequestRate({ perMinute: 60, burst: 2 }, () => nowMs);
  const admitted = (key: string): boolean => {
    try {
      rate.take(key);
      return true;
    } catch {
      return false;
    }
  };
  expect(['a', 'a', 'a', 'b'].map(admitted)).toEqual([true, true, false, true]);
  nowMs = 999;
  expect(admitted('a')).toBe(false);
  nowMs = 1000;
  expect([admitted('a'), admitted('a')]).toEqual([true, false]);
  nowMs = 3_600_000;
  expect(['a', 'a', 'a'].map(admitted)).toEqual([true, true, false]);
});
