// The scripts of packs, over a real SSH connection and with a real bash.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PackStep } from '../../orchestrator/packs/pack.ts';
import { runScript, type ScriptResult } from '../../orchestrator/packs/run-script.ts';
import { scriptOf } from '../../orchestrator/packs/step-script.ts';
import type { Ssh2Channel } from '../../supervisor/guest/ssh2-channel.ts';
import type { Vm } from '../../supervisor/vms/vm.ts';
import { GuestSshd } from '../support/guest-sshd.ts';

let sshd: GuestSshd;
let channel: Ssh2Channel;
let folder: string;
beforeAll(async () => {
  sshd = await GuestSshd.start();
  channel = sshd.channel();
  folder = await mkdtemp(join(tmpdir(), 'somnus-scripts-'));
});
afterAll(async () => {
  await channel.close();
  await sshd[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function run(script: string, { timeoutMs = 60_000, signal = new AbortController().signal, messages = [] as string[] } = {}): Promise<ScriptResult> {
  const vm = { host: { guests: { channel: async () => channel } } } as unknown as Vm;
  return await runScript(vm, script, timeoutMs, { signal, progress: ({ message = '' }) => { messages.push(message); } });
}

test('A script ends at the first command that fails, with its exit code and the end of its output', async () => {
  const messages: string[] = [];
  expect(await run('echo first\necho second >&2\n(exit 7) | cat\necho never', { messages })).toEqual({ exitCode: 7, timedOut: false, output: 'first\nsecond' });
  expect(messages.at(-1)).toBe('second');
  expect(await run('echo "$unknown"')).toMatchObject({ exitCode: 1, output: expect.stringContaining('unknown') as string });
  const long = await run('seq 100000\nprintf "\\033[31mlast\\n"');
  expect(long).toMatchObject({ exitCode: 0, output: expect.stringMatching(/\n99999\n100000\n\[31mlast$/) as string });
  expect(long.output.length).toBeLessThanOrEqual(4096);
});

test('A script has nothing on its standard input', async () => {
  expect(await run('cat; echo end')).toMatchObject({ exitCode: 0, output: 'end' });
});

test('A file of a pack has its content, mode and owner, whatever characters it contains', async () => {
  const content = `${'\'"\\$(reboot)`;\n'.repeat(2000)}end without a line break`;
  const path = join(folder, "a folder/it's $HOME.conf");
  const step = PackStep.parse({ name: 'file', file: { path, content, mode: '0640' }, check: 'true' });
  expect(await run(scriptOf(step))).toMatchObject({ exitCode: 0 });
  expect(await readFile(path, 'utf8')).toBe(content);
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  expect(await run(scriptOf(step))).toMatchObject({ exitCode: 0 });
});

test('A script that takes too long is ended with everything that it started', async () => {
  const result = await run('sleep 5152 & echo $!\nwait', { timeoutMs: 1000 });
  expect(result).toMatchObject({ timedOut: true });
  await expect.poll(async () => await stat(`/proc/${result.output}`).then(() => true, () => false), { timeout: 20_000 }).toBe(false);
});

test('A script ends when its step is cancelled', async () => {
  const cancel = new AbortController();
  const messages = { push: (message: string) => { if (message === 'started') cancel.abort(new Error('cancelled by the test')); return 0; } } as unknown as string[];
  await expect(run('echo started; sleep 5153', { signal: cancel.signal, messages })).rejects.toThrow();
});
