// What a program holder must do in any guest: run with an sshd on this host and with a real VM.
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ProgramRecord, ProgramRequest } from '../../agent/contract/programs.ts';
import { newId } from '../../common/ids.ts';
import type { ExecExit, GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import type { ProgramHolder } from '../../supervisor/guest/program-holder.ts';
import type { Ssh2Channel } from '../../supervisor/guest/ssh2-channel.ts';
import { run } from './guest-programs.ts';

export interface HolderSetting {
  holder: ProgramHolder;
  channel: Ssh2Channel;
  /** Factor by which deadlines are longer than on this host. */
  slowness: number;
  /** The file with the holder's process id. */
  pidFile: string;
}

export function describeProgramHolder(title: string, open: () => Promise<HolderSetting>): void {
  describe(title, () => {
    let at: HolderSetting;
    let timeout = 0;
    beforeAll(async () => {
      at = await open();
      timeout = 20_000 * at.slowness;
    });

    const start = async (command: string[], more: Partial<ProgramRequest> = {}): Promise<ProgramRecord> =>
      await at.holder.start(newId('job'), { name: null, command, cwd: null, env: {}, stdin: false, tty: null, ...more });
    const sh = async (line: string, more: Partial<ProgramRequest> = {}): Promise<ProgramRecord> => await start(['sh', '-c', line], more);
    const forever = new AbortController().signal;
    const outputOf = async (id: string, stream: 'stdout' | 'stderr' = 'stdout', from = 0): Promise<string> => await text((await at.holder.output(id, stream, { from, follow: true }, forever)).content);
    const ended = async (id: string): Promise<ProgramRecord> => {
      await expect.poll(async () => (await at.holder.get(id)).status, { timeout, interval: 100 }).not.toBe('running');
      return await at.holder.get(id);
    };
    /** Resolves when the output so far matches. */
    const shows = async (process: GuestProcess, pattern: RegExp): Promise<string> => {
      let seen = '';
      for await (const chunk of process.stdout.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        seen += chunk.toString();
        if (pattern.test(seen)) return seen;
      }
      throw new Error(`the output ended: ${seen}`);
    };

    /** How a process ends. Reads the rest of both streams, which the exit waits for. */
    const exitOf = async (process: GuestProcess): Promise<ExecExit> => {
      process.stdout.resume();
      process.stderr.resume();
      return await process.exit;
    };

    test('a program gets its folder and variables, and its output and exit code are returned', async () => {
      const { id } = await sh('pwd; echo "$A" >&2; exit 7', { cwd: '/usr', env: { A: 'it\'s' } });
      expect([await outputOf(id), await outputOf(id, 'stderr')]).toEqual(['/usr\n', "it's\n"]);
      expect(await ended(id)).toMatchObject({ status: 'ended', exitCode: 7, signal: null, stdoutBytes: 5, stdoutTail: '/usr\n', stderrTail: "it's\n" });
    });

    test('a program that cannot be started gives the reason', async () => {
      const missing = await start(['no-such-program']);
      expect(await ended(missing.id)).toMatchObject({ exitCode: 127, stderrTail: expect.stringContaining('not found') });
      const nowhere = await start(['ls'], { cwd: '/no/such/folder' });
      expect(await ended(nowhere.id)).toMatchObject({ exitCode: 126, stderrTail: expect.stringContaining('/no/such/folder') });
    });

    test('a repeated start does not start the program again', async () => {
      const id = newId('job');
      const request: ProgramRequest = { name: null, command: ['sh', '-c', 'echo once'], cwd: null, env: {}, stdin: false, tty: null };
      await at.holder.start(id, request);
      await at.holder.start(id, request);
      expect(await outputOf(id)).toBe('once\n');
    });

    test('output can be read from any offset, also counted from the end, while it grows and afterwards', async () => {
      const { id } = await sh('for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done');
      expect(await outputOf(id, 'stdout', 7)).toBe('line 2\nline 3\nline 4\nline 5\n');
      const { from, content } = await at.holder.output(id, 'stdout', { from: -7, follow: false }, forever);
      expect([from, await text(content)]).toEqual([28, 'line 5\n']);
      expect(await outputOf(id, 'stdout', 1000)).toBe('');
    });

    test('an offset that the output has not reached yet is waited for', async () => {
      const { id } = await sh('read -r word; echo line 1; echo line 2', { stdin: true });
      const process = await at.holder.attach(id, { stdout: 7, stderr: 0 }, forever);
      process.stdin.write('go\n');
      expect(await text(process.stdout)).toBe('line 2\n');
      const { id: short } = await sh('read -r word; echo word', { stdin: true });
      const tooFar = await at.holder.attach(short, { stdout: 7, stderr: 0 }, forever);
      tooFar.stdin.write('go\n');
      expect(await text(tooFar.stdout)).toBe('');
    });

    test('a program survives a lost connection, and callers can attach again at any offset', async () => {
      const { id } = await sh('echo before; read -r word; echo "got $word"; read -r word; echo "then $word"', { stdin: true });
      const first = await at.holder.attach(id, { stdout: 0, stderr: 0 }, forever);
      await shows(first, /before/);
      first.stdin.write('one\n');
      await shows(first, /got one/);
      const gone = new Promise((resolve) => { first.stdout.once('close', resolve); }); // not events.once, which fails on the error that comes first
      first.exit.catch(() => {});
      first.stdin.on('error', () => {});
      first.stdout.on('error', () => {});
      await run(at.channel, ['sh', '-c', 'kill -KILL $PPID']).catch(() => {}); // the server's process for this connection
      await gone;
      const again = await at.holder.attach(id, { stdout: 7, stderr: 0 }, forever);
      expect(await shows(again, /one\n/)).toBe('got one\n');
      again.stdin.write('two\n');
      await shows(again, /then two/);
      expect(await exitOf(again)).toEqual({ code: 0, signal: null, timedOut: false });
    });

    test('detaching does not end the program or send end of file; the end of the input does', async () => {
      const { id } = await sh('cat; echo over', { stdin: true });
      const leave = new AbortController();
      const first = await at.holder.attach(id, { stdout: 0, stderr: 0 }, leave.signal);
      first.exit.catch(() => {});
      first.stdin.on('error', () => {});
      first.stdout.on('error', () => {});
      first.stderr.on('error', () => {});
      first.stdin.write('a\n');
      await shows(first, /a\n/);
      leave.abort();
      await run(at.channel, ['true']);
      expect((await at.holder.get(id)).status).toBe('running');
      const second = await at.holder.attach(id, { stdout: 0, stderr: 0 }, forever);
      second.stdin.end('b\n');
      expect([await text(second.stdout), (await exitOf(second)).code]).toEqual(['a\nb\nover\n', 0]);
    });

    test('input that ends before the holder has read any of it still reaches the program', async () => {
      const { id } = await sh('read -r word; exit 7', { stdin: true });
      const process = await at.holder.attach(id, { stdout: 0, stderr: 0 }, forever);
      const holder = async (signal: string): Promise<void> => { await run(at.channel, ['sh', '-c', 'kill -"$2" "$(cat "$1")"', 'kill', at.pidFile, signal]); };
      await holder('STOP');
      process.stdin.end('go\n');
      await run(at.channel, ['true']); // by its end, sshd has passed the input to the holder's socket
      const finished = process.stdin.writableFinished;
      await holder('CONT');
      expect(finished).toBe(false);
      expect((await exitOf(process)).code).toBe(7);
    });

    test('signals reach the whole process group, and a program that ignores TERM is killed', async () => {
      const { id } = await sh('trap "echo interrupted" INT; echo ready; while :; do sleep 0.1; done');
      const process = await at.holder.attach(id, { stdout: 0, stderr: 0 }, forever);
      await shows(process, /ready/);
      await process.signal('INT');
      await shows(process, /interrupted/);
      await at.holder.signal(id, 'KILL');
      expect(await exitOf(process)).toEqual({ code: 137, signal: 'KILL', timedOut: false });
      const stubborn = await sh('trap "" TERM; echo ready; while :; do sleep 0.1; done');
      await shows(await at.holder.attach(stubborn.id, { stdout: 0, stderr: 0 }, forever), /ready/);
      await at.holder.end(stubborn.id);
      expect(await ended(stubborn.id)).toMatchObject({ signal: 'KILL' });
    });

    test('a terminal can be resized, accepts input, and passes on the exit code', async () => {
      const { id } = await start(['sh', '-c', 'stty size; read -r word; echo "got $word"; until [ "$(stty size)" = "44 120" ]; do sleep 0.1; done; echo resized; sleep 60 & wait'], { tty: { columns: 90, rows: 30, term: 'xterm' } });
      const process = await at.holder.attach(id, { stdout: 0, stderr: 0 }, forever);
      await shows(process, /30 90/);
      process.stdin.write('key\r');
      await shows(process, /got key/);
      process.resize(120, 44);
      await shows(process, /resized/);
      process.stdin.write('\u0003'); // Ctrl-C
      expect((await exitOf(process)).code).toBe(130);
    });

    test('10 MB are transferred unchanged', async () => {
      const { id } = await sh('head -c 10000000 /dev/zero | tr "\\0" x');
      const all = await outputOf(id);
      expect([all.length, all === 'x'.repeat(10_000_000)]).toEqual([10_000_000, true]);
    });

    test('the list has the names of programs, and ended programs until they are removed', async () => {
      const name = `n-${randomUUID().slice(0, 8)}`;
      const { id } = await sh('exit 3', { name });
      await ended(id);
      expect((await at.holder.list()).find((one) => one.name === name)).toMatchObject({ id, exitCode: 3, command: ['sh', '-c', 'exit 3'] });
      await at.holder.remove(id);
      expect((await at.holder.list()).some((one) => one.id === id)).toBe(false);
      await expect(at.holder.get(id)).rejects.toMatchObject({ code: 'not_found' });
      const running = await sh('sleep 60');
      await expect(at.holder.remove(running.id)).rejects.toMatchObject({ code: 'invalid_state' });
      await at.holder.end(running.id);
    });

    test('a killed holder finds its programs again, which keep running', async () => {
      const { id } = await sh('echo before; while [ ! -e "$FLAG" ]; do sleep 0.1; done; echo after', { env: { FLAG: `/tmp/somnus-holder-${randomUUID()}` } });
      await expect.poll(async () => (await at.holder.get(id)).stdoutBytes, { timeout }).toBe(7);
      await run(at.channel, ['sh', '-c', 'kill -KILL "$(cat "$1")"', 'kill', at.pidFile]);
      await expect.poll(async () => (await at.holder.list().catch(() => [])).find((one) => one.id === id)?.status, { timeout, interval: 200 }).toBe('running');
      const again = await at.holder.attach(id, { stdout: 0, stderr: 0 }, forever);
      again.exit.catch(() => {});
      await at.holder.end(id);
      expect(await ended(id)).toMatchObject({ status: 'lost', exitCode: null, stdoutTail: 'before\n' });
      await expect(exitOf(again)).rejects.toMatchObject({ code: 'guest_unreachable' });
    });
  });
}
