// A program that logs 10,000 errors a second for a minute: the agent counts all of them, keeps answering, and stays small. An emulated guest takes several minutes.
import { expect, test } from 'vitest';
import { pollUntil } from '../../common/deadline.ts';
import { AgentClient, FIXED } from '../support/agent-client.ts';
import { TestControlPlane } from '../support/control-plane.ts';

const NAME = 'storm';
const LINES = 600_000;
const MAX_RESIDENT_BYTES = 60e6;

test('All lines of a storm are counted, the agent keeps answering, and it releases the memory afterwards', async () => {
  const somnus = await TestControlPlane.withImage();
  await somnus.ok('create', NAME, '--profile', 'idle');
  const agent = new AgentClient(somnus, NAME);
  const writing = somnus.cli(['exec', NAME, '--', 'python3', '-c', `
import time
start = time.monotonic()
with open("/var/log/storm.log", "w") as log:
    for at in range(${LINES}):
        log.write("worker %d crashed: exit status 3\\n" % (at + 1000))
        if at % 1000 == 0:
            log.flush()
            time.sleep(max(0, start + at / 10000 - time.monotonic()))
`]);
  await agent.seen('RUNTIME_ERROR', '/var/log/storm.log');
  expect((await agent.health()).state).toBe('attention');
  expect((await writing).code).toBe(0);
  expect(await agent.counted('/var/log/storm.log', LINES, 1_200_000)).toBe(LINES);
  const resident = await pollUntil('the agent to release what it does not use', FIXED, async () => {
    const { resident: now } = await agent.memoryOf('agent.js');
    return now <= MAX_RESIDENT_BYTES ? now : undefined;
  });
  console.log(`the agent's memory: ${(resident / 1e6).toFixed(1)} MB`);
});
