import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Watched } from '../../../agent/contract/health.ts';
import { Incidents } from '../../../agent/errors/incidents.ts';
import { LineClassifier } from '../../../agent/errors/line-classifier.ts';
import { GpuStats } from '../../../agent/gpu-stats.ts';
import { RunningGuest } from '../../../agent/guest-control.ts';
import { GuestHealth } from '../../../agent/guest-health.ts';
import { Intelligence } from '../../../agent/intelligence/intelligence.ts';
import { summaryOf } from '../../../agent/watch/summary.ts';

const web: Watched = { name: 'web.service', kind: 'unit', state: 'running', processes: 1, rssBytes: 1, cpuMs: 1, restarts: 0, sinceMs: 0, retryAtMs: null, result: null };

function incidents(...lines: [place: string, text: string][]): ReturnType<Incidents['list']> {
  const found = new Incidents();
  const classifier = new LineClassifier();
  for (const [place, text] of lines) found.add(place, classifier.classifyNow(text), 1000);
  return found.list(1000);
}

test('The summary of a healthy VM is one short sentence', () => {
  expect(summaryOf([], [], [], 1000)).toEqual({ state: 'ok', summary: 'No recent errors.' });
  expect(summaryOf([web], [], [], 1000).summary).toBe('No recent errors; all watched units and processes are running.');
});

test('The summary is one line that says what is wrong, why, and what to do, with the cause before its consequences', () => {
  const { state, summary } = summaryOf(
    [{ ...web, state: 'failed', result: 'exit-code' }],
    incidents(['web.service', 'write failed: no space left on device'], ['web.service', 'worker 3 crashed: exit status 2'], ['web.service', 'worker 4 crashed: exit status 2']), [], 1000,
  );
  expect(state).toBe('attention');
  expect(summary).toBe('web.service has failed (exit-code). DISK_FULL in web.service: write failed: no space left on device. Delete downloaded package files: apt-get clean. 1 more incident.');
  expect(summary).not.toContain('\n');
});

test('Incidents without a new line for a while are not in the summary', () => {
  expect(summaryOf([], incidents(['a', 'no space left on device']), [], 1000 + 16 * 60_000).state).toBe('ok');
});

test('A soft reboot needs processes that are watched', async () => {
  const root = mkdtempSync(join(tmpdir(), 'somnus-health-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const health = new GuestHealth({ agentVersion: '1', log: () => {}, intelligence: new Intelligence({ root, log: () => {}, journalProgram: ['/nonexistent'] }), run: async () => ({ code: 0, output: '' }) });
  await expect(health.softReboot(1)).rejects.toMatchObject({ code: 'invalid_state' });
  expect(health.health()).toMatchObject({ watched: [], intelligence: { open: 0 } });
  await health.reload();
  await health.stop();
  expect(existsSync(join(root, 'var/lib/somnus/incidents.json'))).toBe(true);
});

test('GPUs are reported if nvidia-smi is installed, which runs rarely', async () => {
  const program = join(mkdtempSync(join(tmpdir(), 'somnus-gpu-')), 'nvidia-smi');
  let asked = 0;
  const gpus = new GpuStats(async () => {
    asked += 1;
    return { code: 0, output: 'NVIDIA L4, 37, 1024, 23034\n' };
  }, program);
  expect(await gpus.read()).toEqual([]);
  writeFileSync(program, '');
  await gpus.read();
  expect(await gpus.read()).toEqual([{ name: 'NVIDIA L4', usedPercent: 37, memoryUsedBytes: 2 ** 30, memoryTotalBytes: 23_034 * 2 ** 20 }]);
  expect(asked).toBe(1);
});

test('The agent tells systemd that it is not hanging', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'somnus-notify-')), 'notify');
  // systemd's side: a datagram socket, which Node does not support.
  const receiver = spawn('perl', ['-e', 'socket(my $s, 1, 2, 0); bind($s, pack("Sa*", 1, $ARGV[0])) or die; $| = 1; print "ready\\n"; recv($s, my $m, 100, 0); print "$m\\n"', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => { receiver.kill('SIGKILL'); });
  expect(String((await once(receiver.stdout, 'data') as [Buffer])[0])).toBe('ready\n');
  process.env['NOTIFY_SOCKET'] = path;
  onTestFinished(() => { delete process.env['NOTIFY_SOCKET']; });
  new RunningGuest().keepAlive();
  expect(String((await once(receiver.stdout, 'data') as [Buffer])[0])).toBe('WATCHDOG=1\n');
});
