import { expect, test } from 'vitest';
import { progressIn } from '../../../orchestrator/jobs/progress-line.ts';

test.each<[string, number, number | null, number | null, number | null]>([
  ['step 40/1000, ETA 2 h', 4, 40, 1000, 7200],
  ['Epoch 3/20 - loss: 0.512', 15, 3, 20, null],
  ['Epoch [3/20], Step [100/400], Loss: 2.1', 15, 3, 20, null],
  [' 67%|██████▋   | 67/100 [00:10<00:05,  6.6it/s]', 67, 67, 100, 5],
  ['\r 10%|#         | 1.2k/12k [01:00<1:09:30, 3.1s/it]', 10, 1200, 12_000, 4170],
  ['[ 45%] Building CXX object src/a.o', 45, null, null, null],
  ['Downloading model: 12.5% complete, 3m 20s remaining', 12.5, null, null, 200],
  ['iteration 1,500 of 3,000 (1 hour and 5 minutes left)', 50, 1500, 3000, 3900],
  ['\u001b[32mProgress: 80%\u001b[0m', 80, null, null, null],
  ['100%', 100, null, null, null],
  ['processed 30 of 120 files, eta 00:01:30', 25, 30, 120, 90],
  ['[=====>     ] 12/24', 50, 12, 24, null],
  ['Step 7 out of 10', 70, 7, 10, null],
  ['frame 100/250', 40, 100, 250, null],
])('%j is progress', (line, percent, done, total, etaSeconds) => {
  expect(progressIn(line)).toMatchObject({ percent, done, total, etaSeconds });
});

test.each(['accuracy 93.2 %', 'GET /a/b 200 1/2', '2026/01/02 started', 'disk usage 81% of /dev/vda', '', 'ratio 3/4', 'step 12/10', 'see https://x.example/50/100', 'ETA unknown', 'version 3.12'])('%j is not', (line) => {
  expect(progressIn(line)).toBeUndefined();
});

test('The last line with progress is used, even between carriage returns and other lines', () => {
  expect(progressIn('step 1/10\nstep 2/10\nloss 0.3\n')).toMatchObject({ done: 2, line: 'step 2/10' });
  expect(progressIn(' 10% done\r 20% done\r 30% done')).toMatchObject({ percent: 30 });
});

test('Long output without progress is read quickly', () => {
  const startedAt = performance.now();
  for (const text of ['1/'.repeat(2000), '9 '.repeat(2000), '1h '.repeat(1300), 'step '.repeat(800)]) progressIn(text);
  expect(performance.now() - startedAt).toBeLessThan(500);
});
