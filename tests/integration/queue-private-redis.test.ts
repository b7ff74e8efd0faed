import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { pollUntil } from '../../common/deadline.ts';
import { PrivateRedis } from '../../orchestrator/queue/private-redis.ts';
import { log, scratchFolder } from '../support/operations.ts';

const alive = (pid: number): boolean => existsSync(`/proc/${pid}`) && !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

/** Redis cannot notify us that it is back. */
async function replaced(redis: PrivateRedis, pid: number | undefined): Promise<number> {
  return await pollUntil('a new redis-server', { timeoutMs: 30_000, intervalMs: 20 }, async () => (redis.pid === pid ? undefined : redis.pid));
}

test('only its owner can reach it through its socket, and it stores nothing on disk', async () => {
  using folder = scratchFolder();
  const runDir = join(folder.path, 'run');
  await using redis = await PrivateRedis.start({ runDir, log });
  expect([statSync(runDir).mode & 0o777, statSync(redis.socketPath).mode & 0o777]).toEqual([0o700, 0o700]);
  const client = new Redis({ path: redis.socketPath });
  const setting = async (name: string): Promise<unknown> => (await client.config('GET', name) as unknown as [string, string])[1];
  expect([await setting('port'), await setting('save'), await setting('appendonly'), await setting('maxmemory-policy')]).toEqual(['0', '', 'no', 'noeviction']);
  client.disconnect();
});

test('it is started again after each death, and when it no longer answers', async () => {
  using folder = scratchFolder();
  await using redis = await PrivateRedis.start({ runDir: folder.path, log, checkIntervalMs: 100 });
  const first = redis.pid ?? 0;
  process.kill(first, 'SIGKILL');
  const second = await replaced(redis, first);
  process.kill(second, 'SIGSTOP');
  const third = await replaced(redis, second);
  expect([first, second, third].map(alive)).toEqual([false, false, true]);
}, 60_000);

test('closing it leaves no process, no socket and no pid file, even during a restart', async () => {
  for (const killed of [false, true]) {
    using folder = scratchFolder();
    const redis = await PrivateRedis.start({ runDir: folder.path, log });
    const pid = redis.pid ?? 0;
    if (killed) process.kill(pid, 'SIGKILL');
    await redis.close();
    await redis.close();
    expect([alive(pid), existsSync(redis.socketPath), existsSync(join(folder.path, 'redis.pid'))]).toEqual([false, false, false]);
  }
});

test('what a killed control plane left behind is ended by the next', async () => {
  using folder = scratchFolder();
  const program = `
    import { PrivateRedis } from ${JSON.stringify(join(import.meta.dirname, '../../orchestrator/queue/private-redis.ts'))};
    import { createLogger } from ${JSON.stringify(join(import.meta.dirname, '../../common/log.ts'))};
    const redis = await PrivateRedis.start({ runDir: ${JSON.stringify(folder.path)}, log: createLogger({ level: 'silent' }) });
    console.log(redis.pid);
    setInterval(() => {}, 1000);`;
  const predecessor = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: predecessor.stdout }), 'line') as [string];
  const leftover = Number(line);
  predecessor.kill('SIGKILL');
  await once(predecessor, 'exit');
  expect(alive(leftover)).toBe(true);
  await using redis = await PrivateRedis.start({ runDir: folder.path, log });
  expect([alive(leftover), alive(redis.pid ?? 0), redis.pid === leftover]).toEqual([false, true, false]);
});

test('a process that only has the same number as in the pid file is not touched', async () => {
  using folder = scratchFolder();
  const stranger = spawn('sleep', ['600']);
  writeFileSync(join(folder.path, 'redis.pid'), String(stranger.pid));
  writeFileSync(join(folder.path, 'redis.sock'), 'left over');
  await using _redis = await PrivateRedis.start({ runDir: folder.path, log });
  expect(alive(stranger.pid ?? 0)).toBe(true);
  stranger.kill();
  await once(stranger, 'exit');
});

test('a start that cannot work reports why', async () => {
  using folder = scratchFolder();
  await expect(PrivateRedis.start({ runDir: folder.path, log, program: 'no-such-redis' })).rejects.toThrow(expect.objectContaining({ code: 'unavailable', message: expect.stringContaining('ENOENT') }));
  await expect(PrivateRedis.start({ runDir: folder.path, log, program: 'false' })).rejects.toThrow(expect.objectContaining({ code: 'unavailable', message: expect.stringContaining('exited with 1') }));
  const deep = join(folder.path, 'x'.repeat(100));
  mkdirSync(deep);
  await expect(PrivateRedis.start({ runDir: deep, log })).rejects.toThrow(expect.objectContaining({ code: 'config_invalid' }));
  expect(existsSync(join(folder.path, 'redis.sock'))).toBe(false);
});
