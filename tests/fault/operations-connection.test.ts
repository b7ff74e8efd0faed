// A Redis that runs, behind a connection that is cut repeatedly: during commands, during answers, during the handshake.
import { createConnection, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BullmqQueue } from '../../orchestrator/queue/bullmq-queue.ts';
import { PrivateRedis } from '../../orchestrator/queue/private-redis.ts';
import { alice, journalKind, log, openWorkshop, readJournal, scratchFolder, submit } from '../support/operations.ts';

interface CuttingProxy extends AsyncDisposable { socketPath: string; stabilize(): void; cuts: number }

/** Each connection is cut after some hundred bytes of answers, in the middle of an answer, until this is disabled. */
async function cuttingProxy(folder: string, redis: PrivateRedis): Promise<CuttingProxy> {
  let stable = false;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = createConnection(redis.socketPath);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => {}).on('close', () => { open.delete(socket); client.destroy(); upstream.destroy(); });
    }
    client.pipe(upstream);
    let left = 100 + 700 * (proxy.cuts % 9);
    upstream.on('data', (answer) => {
      if (stable || answer.length < left) {
        left -= answer.length;
        client.write(answer);
        return;
      }
      proxy.cuts += 1;
      client.end(answer.subarray(0, left));
      upstream.destroy();
    });
  });
  const proxy: CuttingProxy = {
    socketPath: join(folder, 'proxy.sock'),
    cuts: 0,
    stabilize: () => { stable = true; },
    [Symbol.asyncDispose]: async () => { server.close(); for (const socket of open) socket.destroy(); await once(server, 'close'); },
  };
  server.listen(proxy.socketPath);
  await once(server, 'listening');
  return proxy;
}

test('however often and wherever the connection to Redis is cut, each operation runs once, soon after the connection holds', async () => {
  using folder = scratchFolder();
  using shop = openWorkshop(folder.path);
  const journal = join(folder.path, 'journal');
  shop.engine.register(journalKind(journal, [{ name: 'one', run: async () => await delay(2) }]));
  await using redis = await PrivateRedis.start({ runDir: join(folder.path, 'run'), log });
  await using proxy = await cuttingProxy(folder.path, redis);
  await using _queue = new BullmqQueue({ name: 'somnus-cut', redis: { socketPath: proxy.socketPath }, source: shop.engine, log, concurrency: 4 });
  const ids: string[] = [];
  while (proxy.cuts < 40) {
    ids.push(submit(shop.engine).id);
    await delay(50);
  }
  proxy.stabilize();
  const fromMs = performance.now();
  const operations = await Promise.all(ids.map(async (id) => await shop.engine.wait(alice, id, 60_000)));
  console.log(`${ids.length} operations, ${proxy.cuts} cuts, all ended ${(performance.now() - fromMs).toFixed(0)} ms after the last`);
  expect(new Set(operations.map(({ status }) => status))).toEqual(new Set(['succeeded']));
  expect(readJournal(journal)).toHaveLength(ids.length * 3);
  expect(performance.now() - fromMs).toBeLessThan(15_000);
});
