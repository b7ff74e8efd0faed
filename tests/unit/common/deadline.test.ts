import { expect, test } from 'vitest';
import { sleep, stretchDeadlines, withDeadline } from '../../../common/deadline.ts';
import { runCommand } from '../../../common/run-command.ts';

test('Work that takes too long ends with `timeout`, and its signal fires', async () => {
  let inner: AbortSignal | undefined;
  const late = withDeadline('the wait', 10, undefined, async (signal) => {
    inner = signal;
    await sleep(60_000, signal);
  });
  await expect(late).rejects.toMatchObject({ code: 'timeout', message: 'the wait took longer than 0.01 s' });
  expect(inner?.aborted).toBe(true);
});

test('One setting stretches deadlines of waits and of programs, and the error names the actual time', async () => {
  stretchDeadlines(100);
  try {
    await expect(withDeadline('Slow work', 5, undefined, async () => await sleep(50).then(() => 'done'))).resolves.toBe('done');
    await expect(runCommand('sleep', ['0.1'], { timeoutMs: 20 })).resolves.toMatchObject({ exitCode: 0 });
    await expect(withDeadline('Slow work', 1, undefined, async (signal) => await sleep(60_000, signal))).rejects.toThrow('Slow work took longer than 0.1 s');
  } finally {
    stretchDeadlines(1);
  }
});

test('A parent signal that fires ends the work with `cancelled`, immediately if it had fired before', async () => {
  const parent = new AbortController();
  const work = withDeadline('the wait', 60_000, parent.signal, async (signal) => await sleep(60_000, signal));
  parent.abort();
  await expect(work).rejects.toMatchObject({ code: 'cancelled' });
  await expect(withDeadline('the wait', 60_000, parent.signal, async () => 'done')).rejects.toMatchObject({ code: 'cancelled' });
});
