// `somnus session` against the real API: what callers do through it becomes entries.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DevSession, SessionEntry, SessionPage } from '../../../orchestrator/client/schema.d.ts';
import { SshdEnvironment } from './sshd-environment.ts';

test('Actions, jobs and copied files are entries of the session, which `session` shows, lists and exports as JSON lines and Markdown', async () => {
  await using demo = await SshdEnvironment.start();
  const { somnus } = demo;
  const folder = await mkdtemp(join(tmpdir(), 'somnus-session-'));
  try {
    await writeFile(join(folder, 'notes*.txt'), 'x');
    expect((await somnus.run(['run', 'demo', '--', 'true'])).code).toBe(0);
    expect((await somnus.run(['exec', 'demo', '--detach', '--name', 'quick', '--', 'true'])).code).toBe(0);
    expect((await somnus.run(['cp', join(folder, 'notes*.txt'), `demo:${folder}/copy*.txt`])).code).toBe(0);
    const session = await somnus.json<DevSession>('session', 'show', 'demo');
    expect(session).toMatchObject({ name: 'demo', counts: { action: 1, job: 1, file: 1 }, files: [`${folder}/copy*.txt`], rememberActions: false });
    expect((await somnus.run(['session', 'show', 'demo'])).stdout).toMatch(/^demo \(running\)\nOpened: /);
    expect((await somnus.run(['session', 'log', 'demo'])).stdout).toMatch(/action +an action in demo ended with exit code 0: true\n.*job +the job quick was started in demo\n.*file +\/.*copy\*\.txt was written in demo/);
    const { items, nextCursor } = await somnus.json<SessionPage>('session', 'log', 'demo', '--cursor', '0', '--limit', '2');
    expect([items.length, nextCursor]).toEqual([2, items[1]?.cursor]);
    const [head, ...lines] = (await somnus.run(['session', 'export', 'demo'])).stdout.trim().split('\n').map((line) => JSON.parse(line) as { session?: DevSession } & SessionEntry);
    expect([head?.session?.name, ...lines.map(({ kind }) => kind)]).toEqual(['demo', 'action', 'job', 'file']);
    const markdown = (await somnus.run(['session', 'export', 'demo', '--format', 'markdown'])).stdout;
    expect(markdown).toMatch(/^# Session of demo\n[^]*\n## \d{4}-\d\d-\d\d\n\n- \d\d:\d\d:\d\d an action/);
    expect(markdown).toContain('copy\\*.txt was written');
    expect((await somnus.run(['session', 'remember-actions', 'demo', 'on'])).stdout).toContain('remembered as tool results');
    expect(await somnus.run(['session', 'remember-actions', 'demo', 'maybe'])).toMatchObject({ code: 2 });
    expect(await somnus.run(['session', 'show', 'nothing'])).toMatchObject({ code: 3 });
  } finally {
    await rm(folder, { recursive: true });
  }
});
