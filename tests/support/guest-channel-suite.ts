// What every guest channel must do: run against a local sshd by the contract tests and against a real VM by the integration tests.
import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil } from '../../common/deadline.ts';
import type { SomnusError } from '../../common/errors.ts';
import type { GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import type { Ssh2Channel } from '../../supervisor/guest/ssh2-channel.ts';
import { outputWith, run, shell, untilGone } from './guest-programs.ts';

export interface GuestTarget {
  /** Closed by the test that opened it. */
  channel: Ssh2Channel;
  /** How many times slower than this host it may be. */
  slowness: number;
}

const MIB = 1_048_576;

function drain(process: GuestProcess): void {
  process.stdout.resume();
  process.stderr.resume();
}

export function describeGuestChannel(name: string, open: () => Promise<GuestTarget>): void {
  describe(name, () => {
    let target: GuestTarget;
    let channel: Ssh2Channel;
    let scratch = '';
    beforeAll(async () => {
      target = await open();
      channel = target.channel;
      scratch = await shell(channel, 'mktemp -d /tmp/somnus-guest-XXXXXX');
    });
    afterAll(async () => {
      await shell(channel, 'umount "$1/small" 2>/dev/null; rm -rf -- "$1"', scratch);
    });
    const numRuns = (runs: number): number => Math.max(3, Math.round(runs / target.slowness));

    describe('programs', () => {
      test('A program gets its input, and its two output streams and its exit code are returned separately', async () => {
        const outcome = await run(channel, ['sh', '-c', 'cat; echo problem >&2; exit 7'], { input: 'text' });
        expect(outcome).toEqual({ stdout: 'text', stderr: 'problem\n', code: 7, signal: null, timedOut: false });
      });

      test('Arguments and variables arrive unchanged, whatever they contain', async () => {
        const word = fc.string({ unit: fc.constantFrom('a', ' ', '\'', '"', '\\', '$', '`', '\n', '\t', '!', '*', '~', '%', '-', '=', 'é', '🐈', '\u0001'), maxLength: 12 });
        await fc.assert(fc.asyncProperty(fc.array(word, { maxLength: 4 }), word, async (args, value) => {
          const { stdout, stderr } = await run(channel, ['sh', '-c', 'printf "%s\\0" "$SOMNUS_TEST" "$@"', 'test', ...args], { env: { SOMNUS_TEST: value } });
          expect(stderr).toBe('');
          expect(stdout).toBe([value, ...args].map((part) => `${part}\0`).join(''));
        }), { numRuns: numRuns(60) });
      });

      test('Variables with a meaning to a shell also arrive unchanged', async () => {
        const env = { UID: '7', SHLVL: '99', PWD: '/nowhere', OLDPWD: 'x', IFS: ':', LC_ALL: 'xx_XX.UTF-8', RANDOM: 'no', _: 'under' };
        const { stdout, stderr } = await run(channel, ['env', '-0'], { env });
        expect(stderr).toBe('');
        for (const [key, value] of Object.entries(env)) expect(stdout.split('\0')).toContain(`${key}=${value}`);
      });

      test('A program runs in the requested folder, and not at all if it does not exist', async () => {
        expect(await run(channel, ['pwd'], { cwd: '/usr/../tmp' })).toMatchObject({ stdout: '/tmp\n', code: 0 });
        await shell(channel, 'mkdir -- "$1/-"', scratch);
        expect(await run(channel, ['sh', '-c', 'cd -- "$1" && pwd', 'test', '-'], { cwd: scratch, env: { OLDPWD: '/' } })).toMatchObject({ code: 0 });
        const missing = await run(channel, ['pwd'], { cwd: `${scratch}/missing` });
        expect(missing).toMatchObject({ stdout: '', code: 126 });
        expect(missing.stderr).toContain('No such file or directory');
      });

      test('A missing program ends with 127, one that cannot be run with 126, and standard error says why', async () => {
        expect(await run(channel, ['no-such-program'])).toMatchObject({ code: 127, stderr: expect.stringContaining('not found') });
        expect(await run(channel, ['-no-such-program'])).toMatchObject({ code: 127 });
        expect(await run(channel, ['no=such=program'], { env: { A: '1' } })).toMatchObject({ code: 127 });
        expect(await run(channel, ['/etc/passwd'])).toMatchObject({ code: 126, stderr: expect.stringContaining('Permission denied') });
        expect(await run(channel, ['/tmp'])).toMatchObject({ code: 126 });
        await expect(run(channel, ['echo', 'a\0b'])).rejects.toMatchObject({ code: 'invalid_request' });
      });

      test('A command line longer than the kernel\'s limit for one argument still runs', async () => {
        const args = Array.from({ length: 30 }, (_, i) => String(i % 10).repeat(10_000));
        expect((await run(channel, ['sh', '-c', 'printf %s "$@" | wc -c', 'test', ...args])).stdout.trim()).toBe('300000');
        const tooLong = await run(channel, ['echo', 'x'.repeat(300_000)]);
        expect(tooLong).toMatchObject({ code: 126, stderr: expect.stringContaining('too long') });
      });

      test('Random bytes through standard input are returned unchanged', async () => {
        await fc.assert(fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 70_000 }), { maxLength: 6 }), async (chunks) => {
          const process = await channel.exec({ command: ['cat'], env: {} });
          process.stderr.resume();
          const [echoed] = await Promise.all([buffer(process.stdout), pipeline(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), process.stdin)]);
          expect(echoed.equals(Buffer.concat(chunks))).toBe(true);
          expect((await process.exit).code).toBe(0);
        }), { numRuns: numRuns(40) });
      });

      test('A hundred megabytes arrive completely', async () => {
        const mib = target.slowness > 1 ? 16 : 100; // as much time as with an emulated CPU
        const script = `mkfifo "$1/f"; sha256sum <"$1/f" >&2 & head -c ${mib * MIB} /dev/urandom | tee "$1/f"; wait; rm "$1/f"`;
        const process = await channel.exec({ command: ['sh', '-c', script, 'test', scratch], env: {} });
        process.stdin.end();
        const hash = createHash('sha256');
        let bytes = 0;
        const [sum] = await Promise.all([text(process.stderr), (async () => {
          for await (const chunk of process.stdout as AsyncIterable<Buffer>) {
            hash.update(chunk);
            bytes += chunk.length;
          }
        })()]);
        expect(bytes).toBe(mib * MIB);
        expect(sum.split(' ')[0]).toBe(hash.digest('hex'));
      }, 300_000);

      test('A slow reader of one stream neither blocks the other forever nor fills memory', async () => {
        const mib = target.slowness > 1 ? 10 : 100;
        const process = await channel.exec({ command: ['sh', '-c', `i=0; while [ $i -lt ${mib} ]; do head -c 1048576 /dev/zero; head -c 1048576 /dev/zero >&2; i=$((i+1)); done`], env: {} });
        process.stdin.end();
        let [fast, slow, peak] = [0, 0, 0];
        globalThis.gc?.();
        const before = globalThis.process.memoryUsage().rss;
        await Promise.all([
          (async () => { for await (const chunk of process.stdout as AsyncIterable<Buffer>) fast += chunk.length; })(),
          (async () => {
            for await (const chunk of process.stderr as AsyncIterable<Buffer>) {
              slow += chunk.length;
              peak = Math.max(peak, globalThis.process.memoryUsage().rss - before);
              for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
            }
          })(),
        ]);
        expect([fast, slow]).toEqual([mib * MIB, mib * MIB]);
        expect(peak).toBeLessThan(64 * MIB);
      }, 300_000);

      test('A program whose output is not read runs to its end', async () => {
        const process = await channel.exec({ command: ['sh', '-c', 'head -c 20000000 /dev/zero; exit 5'], env: {} });
        process.stdin.end();
        process.stdout.destroy();
        process.stderr.destroy();
        expect(await process.exit).toEqual({ code: 5, signal: null, timedOut: false });
      });

      test('Input that a program does not read ends with the program', async () => {
        const process = await channel.exec({ command: ['head', '-c', '3'], env: {} });
        process.stderr.resume();
        const endless = new Readable({ read() { this.push(Buffer.alloc(65_536, 'x')); } });
        const feeding = pipeline(endless, process.stdin).catch((error: NodeJS.ErrnoException) => error.code);
        expect(await text(process.stdout)).toBe('xxx');
        expect((await process.exit).code).toBe(0);
        expect(await feeding).toBe('ERR_STREAM_PREMATURE_CLOSE');
      });

      test('50 programs at once all run', async () => {
        const outcomes = await Promise.all(Array.from({ length: 50 }, (_, i) => run(channel, ['sh', '-c', 'cat; exit "$1"', 'test', String(i)], { input: `input ${i}` })));
        expect(outcomes.map(({ stdout, code }) => [stdout, code])).toEqual(outcomes.map((_, i) => [`input ${i}`, i]));
      }, 240_000);

      test('Hundreds of consecutive programs leave no session and no record behind', async () => {
        const before = channel.sessions;
        for (let i = 0; i < (target.slowness > 1 ? 70 : 200); i += 1) expect((await run(channel, ['true'])).code).toBe(0);
        await pollUntil('the end of the records', { timeoutMs: 60_000, intervalMs: 500 }, async () => {
          // The program that looks has a record itself.
          const records = await shell(channel, 'cd /run/somnus/exec && ls | wc -l');
          return Number(records) <= 6 ? true : undefined;
        });
        expect(channel.sessions).toBeLessThanOrEqual(before + 1);
      }, 240_000);
    });

    describe('ending programs', () => {
      // A program with a child and a grandchild in its group; prints their pids.
      const family = 'sleep 1000 & a=$!; sh -c \'sleep 1000 & echo "$!"; wait\' & echo "$$ $a"; wait';
      async function startFamily(options: { timeoutMs?: number; prelude?: string } = {}, signal?: AbortSignal): Promise<{ process: GuestProcess; pids: string[] }> {
        const { timeoutMs, prelude = '' } = options;
        const process = await channel.exec({ command: ['sh', '-c', `${prelude}${family}`], env: {}, timeoutMs }, signal);
        process.stderr.resume();
        let seen = '';
        while (seen.trim().split(/\s+/).length < 3) seen += await outputWith(process.stdout, '\n');
        process.stdout.resume();
        return { process, pids: seen.trim().split(/\s+/) };
      }

      test('A signal reaches the whole group, and the exit reports it', async () => {
        const { process, pids } = await startFamily();
        await process.signal('TERM');
        expect(await process.exit).toMatchObject({ code: 143, signal: 'TERM', timedOut: false });
        await untilGone(channel, pids);
        await process.signal('TERM'); // without a recipient: no error
      });

      test('A program can handle a signal', async () => {
        const process = await channel.exec({ command: ['sh', '-c', 'trap "echo caught; exit 9" USR1; echo ready; while :; do sleep 0.1; done'], env: {} });
        process.stderr.resume();
        await outputWith(process.stdout, 'ready');
        await process.signal('USR1');
        expect(await outputWith(process.stdout, 'caught')).toContain('caught');
        process.stdout.resume();
        expect((await process.exit).code).toBe(9);
      });

      test('After a timeout the whole group is gone, including grandchildren', async () => {
        const { process, pids } = await startFamily({ timeoutMs: 1500 * Math.min(target.slowness, 4) });
        expect(await process.exit).toMatchObject({ code: 124, timedOut: true });
        await untilGone(channel, pids);
      });

      test('A group that ignores SIGTERM is killed', async () => {
        const { process, pids } = await startFamily({ timeoutMs: 1500 * Math.min(target.slowness, 4), prelude: 'trap "" TERM HUP INT; ' });
        expect(await process.exit).toEqual({ code: 124, signal: 'KILL', timedOut: true });
        await untilGone(channel, pids);
      });

      test('An abort ends the group, and the streams end', async () => {
        const abort = new AbortController();
        const { process, pids } = await startFamily({}, abort.signal);
        abort.abort();
        expect(await process.exit).toMatchObject({ code: 143, signal: 'TERM', timedOut: false });
        await untilGone(channel, pids);
      });

      test('An aborted program that is not read releases its session', async () => {
        const abort = new AbortController();
        const process = await channel.exec({ command: ['sh', '-c', 'cat /dev/zero & cat /dev/zero >&2'], env: {} }, abort.signal);
        await new Promise((resolve) => { process.stdout.once('readable', resolve); });
        abort.abort();
        expect((await process.exit).timedOut).toBe(false);
      });

      test('An abort before the start starts nothing, and one during the start leaves nothing running', async () => {
        await expect(channel.exec({ command: ['true'], env: {} }, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
        const mark = `somnus-abort-${randomBytes(4).toString('hex')}`;
        const starts = Array.from({ length: 8 }, async (_, i) => {
          const abort = new AbortController();
          setTimeout(() => abort.abort(), i * 3 * target.slowness);
          const process = await channel.exec({ command: ['sh', '-c', `: ${mark}; sleep 1000`], env: {} }, abort.signal);
          drain(process);
          await process.exit;
        });
        await Promise.allSettled(starts);
        await pollUntil('the end of aborted programs', { timeoutMs: 60_000, intervalMs: 200 }, async () => {
          const left = await shell(channel, 'mark=$1-; grep -l "${mark%-}; sleep" /proc/[0-9]*/cmdline 2>/dev/null | grep -v "/$$/" || true', mark);
          const others = left.split('\n').filter((line) => line !== '');
          return others.length <= 1 ? true : undefined; // grep's own
        });
      }, 120_000);

      test('A process that left the group does not keep the caller waiting', async () => {
        const process = await channel.exec({ command: ['sh', '-c', 'setsid sleep 30 & echo "$!"; wait'], env: {}, timeoutMs: 1000 * Math.min(target.slowness, 4) });
        process.stderr.resume();
        const pid = (await text(process.stdout)).trim();
        expect(await process.exit).toMatchObject({ code: 124, timedOut: true });
        await shell(channel, 'kill "$1"', pid);
      });
    });

    describe('what a program leaves running', () => {
      const kill = async (pid: string): Promise<void> => { await shell(channel, 'kill -9 "$1"', pid); };
      const isAlive = async (pid: string): Promise<boolean> => (await run(channel, ['kill', '-0', pid])).code === 0;

      test('does not keep its caller waiting, and continues', async () => {
        const outcome = await run(channel, ['sh', '-c', 'sleep 1000 & echo "$!"; echo said >&2; exit 3']);
        expect(outcome).toMatchObject({ code: 3, stderr: 'said\n', timedOut: false });
        const pid = outcome.stdout.trim();
        expect(await isAlive(pid)).toBe(true);
        await kill(pid);
      });

      test('continues to write to its streams', async () => {
        const file = `${scratch}/ticks`;
        const { stdout } = await run(channel, ['sh', '-c', '(while :; do echo tick; echo tick >&2; echo x >>"$1"; sleep 0.05; done) & echo "$!"', 'test', file]);
        const pid = stdout.split('\n').find((line) => /^\d+$/.test(line)) ?? ''; // the ticks may arrive before it
        const before = Number(await shell(channel, 'wc -l <"$1"', file));
        await pollUntil('more ticks', { timeoutMs: 60_000, intervalMs: 100 }, async () => Number(await shell(channel, 'wc -l <"$1"', file)) > before + 3 ? true : undefined);
        await kill(pid);
      });

      test('does not keep its caller waiting when it never stops writing, and all output of the program is there', async () => {
        const bytes = 300_000;
        const script = '(trap "" TERM; yes left) & pid=$!; { head -c "$1" /dev/zero | tr "\\0" p; } ; head -c "$1" /dev/zero | tr "\\0" e >&2; echo "$pid" >"$2"';
        const { stdout, stderr, code } = await run(channel, ['sh', '-c', script, 'test', String(bytes), `${scratch}/pid`]);
        expect(code).toBe(0);
        expect([stdout.replaceAll(/[^p]/g, '').length, stderr.replaceAll(/[^e]/g, '').length]).toEqual([bytes, bytes]);
        await kill(await shell(channel, 'cat "$1"', `${scratch}/pid`));
      }, 120_000);

      test('loses no output of the program for a slow reader', async () => {
        const bytes = 3_000_000;
        const process = await channel.exec({ command: ['sh', '-c', 'sleep 1000 & head -c "$1" /dev/zero; echo "$!" >&2', 'test', String(bytes)], env: {} });
        process.stdin.end();
        const pid = text(process.stderr);
        let seen = 0;
        for await (const chunk of process.stdout as AsyncIterable<Buffer>) {
          seen += chunk.length;
          for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
        }
        expect(seen).toBe(bytes);
        expect((await process.exit).code).toBe(0);
        await kill((await pid).trim());
      }, 120_000);

      test('is not ended by a timeout or an abort after the program\'s end', async () => {
        const abort = new AbortController();
        const timeoutMs = 1500 * Math.min(target.slowness, 4);
        const outcome = await run(channel, ['sh', '-c', 'sleep 1000 & echo "$!"'], { timeoutMs }, abort.signal);
        const pid = outcome.stdout.trim();
        abort.abort();
        await new Promise((resolve) => { setTimeout(resolve, timeoutMs); }); // the timeout that must do nothing
        expect(outcome).toMatchObject({ code: 0, timedOut: false });
        expect(await isAlive(pid)).toBe(true);
        await kill(pid);
      });

      test('in its own session outlives the program that is ended with its group', async () => {
        const abort = new AbortController();
        const process = await channel.exec({ command: ['sh', '-c', 'setsid sleep 1000 & echo "$!"; sleep 1000 & echo "$!"; wait'], env: {} }, abort.signal);
        process.stderr.resume();
        let seen = '';
        while (seen.trim().split(/\s+/).length < 2) seen += await outputWith(process.stdout, '\n');
        process.stdout.resume();
        const [daemon = '', child = ''] = seen.trim().split(/\s+/);
        abort.abort();
        await process.exit;
        await untilGone(channel, [child]);
        expect(await isAlive(daemon)).toBe(true);
        await kill(daemon);
      });

      test('holds no place that another program needs', async () => {
        const before = channel.sessions;
        const outcomes = await Promise.all(Array.from({ length: target.slowness > 1 ? 20 : 150 }, async () => await run(channel, ['sh', '-c', 'sleep 1000 & echo "$!"'])));
        await expect.poll(() => channel.sessions, { timeout: 60_000, interval: 50 }).toBeLessThanOrEqual(before);
        expect((await run(channel, ['echo', 'still'])).stdout).toBe('still\n');
        await shell(channel, 'kill "$@"', ...outcomes.map(({ stdout }) => stdout.trim()));
      }, 240_000);
    });

    describe('terminals', () => {
      test('A terminal has the requested size and name, and follows when its size changes', async () => {
        const process = await channel.exec({ command: ['sh', '-c', 'trap "stty size; exit" WINCH; stty size; echo "$TERM"; test -t 0 && echo ready; while :; do sleep 0.1; done'], env: {}, tty: { columns: 101, rows: 37, term: 'xterm-256color' } });
        process.stderr.resume();
        const first = await outputWith(process.stdout, 'ready');
        expect(first).toContain('37 101\r\n');
        expect(first).toContain('xterm-256color\r\n');
        process.resize(90, 20);
        expect(await outputWith(process.stdout, '20 90')).toContain('20 90');
        process.stdout.resume();
        expect((await process.exit).code).toBe(0);
      });

      test('Ctrl-C typed into a terminal interrupts the program', async () => {
        const process = await channel.exec({ command: ['sh', '-c', 'echo ready; exec sleep 1000'], env: {}, tty: { columns: 80, rows: 24, term: 'xterm' } });
        process.stderr.resume();
        await outputWith(process.stdout, 'ready');
        process.stdin.write('\u0003');
        process.stdout.resume();
        expect(await process.exit).toMatchObject({ code: 130, signal: 'INT' });
      });
    });

    describe('files', () => {
      const names = ['plain', 'with space', '-rf', 'new\nline', 'ümläut 🐈', '$(touch x)', '\'quotes"', 'back\\slash', '*', '~'];

      test('Files are returned as they were sent, whatever their names', async () => {
        for (const name of names) {
          const content = randomBytes(1 + Math.floor(Math.random() * 100_000));
          const path = `${scratch}/${name}`;
          expect(await channel.writeFile(path, Readable.from([content]), { mode: 0o640 })).toEqual({ sizeBytes: content.length });
          expect(await channel.stat(path)).toMatchObject({ type: 'file', sizeBytes: content.length, mode: 0o640 });
          const { info, content: stream } = await channel.readFile(path);
          expect(info).toMatchObject({ type: 'file', sizeBytes: content.length, mode: 0o640 });
          expect(Math.abs(info.modifiedMs - Date.now())).toBeLessThan(600_000);
          expect((await buffer(stream)).equals(content)).toBe(true);
        }
        expect((await shell(channel, 'cd "$1"; ls -A | grep -c somnus || true', scratch))).toBe('0');
      }, 240_000);

      test('An empty file is a file', async () => {
        const path = `${scratch}/empty`;
        expect(await channel.writeFile(path, Readable.from([]), {})).toEqual({ sizeBytes: 0 });
        const { info, content } = await channel.readFile(path);
        expect(info).toMatchObject({ sizeBytes: 0, mode: 0o644 });
        expect((await buffer(content)).length).toBe(0);
      });

      test('A replaced file keeps its mode and owner, and a link keeps its target', async () => {
        await shell(channel, 'cd "$1"; echo old >kept; chmod 751 kept; chown 12:34 kept; ln -s kept link; ln -s nowhere dangling', scratch);
        await channel.writeFile(`${scratch}/link`, Readable.from([Buffer.from('new')]), {});
        expect(await shell(channel, 'cd "$1"; cat kept; stat -c " %a %u:%g" kept; stat -c %F link', scratch)).toBe('new 751 12:34\nsymbolic link');
        await channel.writeFile(`${scratch}/dangling`, Readable.from([Buffer.from('made')]), {});
        expect(await shell(channel, 'cat "$1/nowhere"', scratch)).toBe('made');
      });

      test('A path that cannot be a file is refused with the reason, and nothing is left behind', async () => {
        const write = async (path: string): Promise<unknown> => await channel.writeFile(path, Readable.from([Buffer.from('x')]), {}).catch((error: SomnusError) => error.code);
        expect(await write(`${scratch}/no/such/folder`)).toBe('invalid_request');
        expect(await write(scratch)).toBe('invalid_request');
        expect(await write(`${scratch}/`)).toBe('invalid_request');
        expect(await write('/dev/null')).toBe('invalid_request');
        expect(await write('/proc/somnus')).toBe('invalid_request');
        expect(await write('')).toBe('invalid_request');
        expect(await write('a\0b')).toBe('invalid_request');
        expect(await shell(channel, 'test -c /dev/null && ls -A "$1" | grep -c somnus || true', scratch)).toBe('0');
      });

      test('What does not exist, or is not a file, cannot be read', async () => {
        await expect(channel.readFile(`${scratch}/missing`)).rejects.toMatchObject({ code: 'not_found' });
        await expect(channel.readFile(scratch)).rejects.toMatchObject({ code: 'invalid_request' });
        await expect(channel.readFile('/dev/zero')).rejects.toMatchObject({ code: 'invalid_request' });
        expect(await channel.stat(`${scratch}/missing`)).toBeUndefined();
        expect(await channel.stat(scratch)).toMatchObject({ type: 'directory' });
        expect(await channel.stat('/dev/null')).toMatchObject({ type: 'other' });
      });

      test('A source that fails or is cancelled keeps the old file, and leaves nothing beside it', async () => {
        const path = `${scratch}/precious`;
        await channel.writeFile(path, Readable.from([Buffer.from('old')]), {});
        const failing = Readable.from((async function* source() {
          yield Buffer.alloc(300_000);
          throw new Error('source broke');
        })());
        await expect(channel.writeFile(path, failing, {})).rejects.toThrow('source broke');
        const failingEarly = Readable.from((async function* source() {
          yield Buffer.from('new');
          throw new Error('source broke early');
        })());
        await expect(channel.writeFile(path, failingEarly, {})).rejects.toThrow('source broke early');
        const abort = new AbortController();
        const endless = new PassThrough();
        endless.write(Buffer.alloc(300_000));
        const writing = channel.writeFile(path, endless, {}, abort.signal);
        await pollUntil('the start of the file', { timeoutMs: 20_000, intervalMs: 50 }, async () => await shell(channel, 'ls -A "$1" | grep somnus || true', scratch) === '' ? undefined : true);
        abort.abort();
        await expect(writing).rejects.toMatchObject({ code: 'cancelled' });
        await pollUntil('the temporary file to be removed', { timeoutMs: 20_000, intervalMs: 100 }, async () => await shell(channel, 'ls -A "$1" | grep somnus || true', scratch) === '' ? true : undefined);
        expect(await shell(channel, 'cat "$1"', path)).toBe('old');
      });

      test('A full disk is reported, and nothing is left on it', async () => {
        const small = `${scratch}/small`;
        await shell(channel, 'mkdir -p "$1" && mount -t tmpfs -o size=2m tmpfs "$1"', small);
        const big = new Readable({ read() { this.push(Buffer.alloc(65_536, 1)); } }); // zeros would be a hole
        await expect(channel.writeFile(`${small}/big`, big, {})).rejects.toMatchObject({ code: 'insufficient_space' });
        expect(big.destroyed).toBe(false); // it may be a request that is still unanswered
        await pollUntil('the temporary file to be removed', { timeoutMs: 20_000, intervalMs: 100 }, async () => await shell(channel, 'ls -A "$1"', small) === '' ? true : undefined);
        await shell(channel, 'mkdir "$1/source" && head -c 8000000 /dev/zero >"$1/source/big"', scratch);
        await expect(channel.writeTar(small, await channel.readTar(`${scratch}/source`))).rejects.toMatchObject({ code: 'insufficient_space' });
        await shell(channel, 'umount "$1"', small);
      });

      test('Reading can be stopped at any point, and a file that shrinks during it is an error', async () => {
        await shell(channel, 'head -c 30000000 /dev/zero >"$1/large"', scratch);
        const first = await channel.readFile(`${scratch}/large`);
        for await (const chunk of first.content) {
          expect((chunk as Buffer).length).toBeGreaterThan(0);
          break;
        }
        const second = await channel.readFile(`${scratch}/large`);
        await shell(channel, ': >"$1/large"', scratch);
        await expect(buffer(second.content)).rejects.toMatchObject({ code: 'precondition_failed' });
      });

      test('Files without a known length, and files that grow, return what they contain', async () => {
        const cpuinfo = await buffer((await channel.readFile('/proc/cpuinfo')).content);
        expect(cpuinfo.toString()).toContain('processor');
        const sys = await buffer((await channel.readFile('/sys/kernel/mm/transparent_hugepage/enabled')).content); // its size says 4096
        expect(sys.toString()).toMatch(/never/);
        await shell(channel, 'head -c 20000000 /dev/zero >"$1/growing"', scratch);
        const { info, content } = await channel.readFile(`${scratch}/growing`);
        await shell(channel, 'echo more >>"$1/growing"', scratch);
        const bytes = await buffer(content);
        expect([info.sizeBytes, bytes.length]).toEqual([20_000_000, 20_000_005]);
      });

      test('A file with holes keeps its holes, and its mode keeps set-id bits', async () => {
        const path = `${scratch}/holes`;
        const bytes = Buffer.alloc(8_000_000);
        bytes.write('begin', 0);
        bytes.write('end', bytes.length - 3);
        await channel.writeFile(path, Readable.from([bytes]), { mode: 0o6755 });
        const [mode, size, blocks] = (await shell(channel, 'stat -c "%a %s %b" "$1"', path)).split(' ');
        expect([mode, size]).toEqual(['6755', '8000000']);
        expect(Number(blocks)).toBeLessThan(1000);
        await channel.writeFile(path, Readable.from([Buffer.alloc(1_000_000)]), {}); // only a hole
        expect((await shell(channel, 'stat -c "%a %s" "$1"', path))).toBe('6755 1000000');
        expect((await buffer((await channel.readFile(path)).content)).equals(Buffer.alloc(1_000_000))).toBe(true);
      });

      test('An error names the requested path', async () => {
        await shell(channel, 'mkdir -p "$1/full" && mount -t tmpfs -o ro tmpfs "$1/full"', scratch);
        const error = await channel.writeFile(`${scratch}/full/name`, Readable.from([Buffer.from('x')]), {}).catch((thrown: SomnusError) => thrown) as SomnusError;
        await shell(channel, 'umount "$1/full"', scratch);
        expect(error.message).toContain(`${scratch}/full/name`);
        expect(error.message).toContain('Read-only file system');
        expect(error.message).not.toContain('.somnus-');
      });

      test('A folder is downloaded and uploaded as tar', async () => {
        await shell(channel, 'mkdir -p "$1/tree/sub dir" && cd "$1/tree" && echo one >one && echo two >"sub dir/two" && chmod 600 one && ln -s one link', scratch);
        const packed = await buffer(await channel.readTar(`${scratch}/tree`));
        await channel.writeTar(`${scratch}/copy`, Readable.from([packed]));
        expect(await shell(channel, 'cd "$1/copy" && cat one "sub dir/two" && stat -c %a one && readlink link', scratch)).toBe('one\ntwo\n600\none');
        await expect(channel.readTar(`${scratch}/missing`)).rejects.toMatchObject({ code: 'not_found' });
        await expect(channel.readTar(`${scratch}/tree/one`)).rejects.toMatchObject({ code: 'invalid_request' });
        await expect(channel.writeTar(`${scratch}/no/such`, Readable.from([packed]))).rejects.toMatchObject({ code: 'invalid_request' });
        await expect(channel.writeTar(`${scratch}/tree/one`, Readable.from([packed]))).rejects.toMatchObject({ code: 'invalid_request' });
        await expect(channel.writeTar(`${scratch}/copy`, Readable.from([randomBytes(10_240)]))).rejects.toMatchObject({ code: 'invalid_request' });
      });
    });
  });
}
