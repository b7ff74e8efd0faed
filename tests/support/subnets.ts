// Subnets for control planes under test: one for each, even when several test runs start at the same time.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { runCommand } from '../../common/run-command.ts';

const FIRST = 100;
const COUNT = 150;

/** A /16 that no other test run holds and no route of this host contains. It is released on disposal, or when the process ends. */
export interface HeldSubnet extends Disposable { subnet: string }

export async function holdSubnet(start = randomInt(COUNT)): Promise<HeldSubnet> {
  for (let tried = 0; tried < COUNT; tried += 1) {
    const second = FIRST + ((start + tried) % COUNT);
    const claim = await claimOf(second);
    if (claim === undefined) continue;
    const { stdout } = await runCommand('ip', ['-4', 'route', 'show', 'table', 'all']);
    if (!stdout.includes(` 10.${second}.`)) return { subnet: `10.${second}.0.0/16`, [Symbol.dispose]: () => { claim.close(); } };
    claim.close();
  }
  throw new Error('no free subnet');
}

/** Listening on an abstract socket is a lock that only one process of the host can hold, and that the kernel releases with the process. */
async function claimOf(second: number): Promise<{ close(): void } | undefined> {
  const server = createServer().listen(`\0somnus-test-subnet-10.${second}`);
  try {
    await once(server, 'listening');
    server.unref();
    return server;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw thrown;
  }
}
