import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { SshdEnvironment } from './sshd-environment.ts';

test('`port publish`, `port ls`, `open` and `port rm`', async () => {
  await using demo = await SshdEnvironment.start();
  const server = createServer((_, response) => { response.end('from the guest'); }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const published = await demo.somnus.run(['port', 'publish', 'demo', String(port), '-o', 'json']);
  const { url, hostPort } = JSON.parse(published.stdout) as { url: string; hostPort: number };
  expect(await (await fetch(url)).text()).toBe('from the guest');
  expect((await demo.somnus.run(['open', `demo:${port}`])).stdout).toBe(`${url}\n`);
  expect((await demo.somnus.run(['port', 'ls', 'demo'])).stdout).toMatch(new RegExp(`${port}\\s+${url}\\s+listening`));
  expect(await demo.somnus.run(['port', 'publish', 'demo', '99999'])).toMatchObject({ code: 2 });
  expect(await demo.somnus.run(['open', 'demo'])).toMatchObject({ code: 2 });
  expect(await demo.somnus.run(['port', 'rm', 'demo', String(port), '-q'])).toMatchObject({ code: 0, stdout: `${port}\n` });
  expect(JSON.parse((await demo.somnus.run(['port', 'ls', 'demo', '-o', 'json'])).stdout)).toMatchObject({ items: [] });
  await expect(fetch(`http://127.0.0.1:${hostPort}`)).rejects.toThrow();
  expect(await demo.somnus.run(['port', 'rm', 'demo', String(port)])).toMatchObject({ code: 3 });
  server.close();
});
