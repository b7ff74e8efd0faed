import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SshdEnvironment } from './sshd-environment.ts';
import { Terminal } from './terminal.ts';

let demo: SshdEnvironment;
beforeAll(async () => { demo = await SshdEnvironment.start(); });
afterAll(async () => { await demo[Symbol.asyncDispose](); });

/** A terminal in which a shell runs `somnus` and then prints how it ended and the terminal's settings. */
function foreground(environment: SshdEnvironment, ...args: string[]): Terminal {
  const { somnus } = environment;
  const quoted = somnus.commandLine(...args).map((word) => `'${word}'`).join(' ');
  return new Terminal(['sh', '-c', `${quoted}; echo "[exit $?]"; stty -a | tr '\\n' ' '; echo "[end]"`], somnus.environment());
}

async function pidOf(commandLine: readonly string[]): Promise<number> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    if (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') === `${commandLine.join('\0')}\0`) return Number(pid);
  }
  throw new Error('it does not run');
}

const asBefore = /^(?=.* icanon )(?=.* echo )(?=.* opost )(?=.* isig )/;

test('A shell has a terminal of the user\'s size and type, and follows size changes', async () => {
  await using terminal = foreground(demo, 'sh', 'demo');
  terminal.type('tty; stty size; echo "term=$TERM"\r');
  await terminal.shows(/\/dev\/pts\/\d+\r\n/);
  await terminal.shows(/30 90\r\n/);
  await terminal.shows(/term=xterm-256color\r\n/);
  terminal.resize(120, 44);
  terminal.type('until [ "$(stty size)" = "44 120" ]; do sleep 0.1; done; echo "it $((1+1)) follows"\r');
  await terminal.shows(/it 2 follows/);
  terminal.type('stty raw -echo; printf "a\\nb$((1+1))c"; stty sane; exit 5\r');
  await terminal.shows(/a\nb2c/); // as the guest's terminal sent it: no carriage return was added

  await terminal.shows(/\[exit 5\]/);
});

test('Ctrl-C reaches the program in the guest and not the command, and the terminal is restored afterwards', async () => {
  await using terminal = foreground(demo, 'sh', 'demo');
  terminal.type('PS1="prompt$((1+1))> "\r');
  await terminal.shows(/prompt2> /);
  terminal.type('echo "sleeps $((1+1))"; sleep 60\r');
  await terminal.shows(/sleeps 2/);
  terminal.type('\u0003');
  await terminal.shows(/prompt2> /); // a terminal drops input that is typed before it has handled Ctrl-C
  terminal.type('echo "goes $((1+1)) on"; exit 0\r');
  await terminal.shows(/goes 2 on/);
  await terminal.shows(/\[exit 0\]/);
  expect(await terminal.shows(/.*\[end\]/)).toMatch(asBefore);
});

test('Programs that draw the screen get every byte and every key', async () => {
  await using terminal = foreground(demo, 'sh', 'demo');
  terminal.type('stty raw -echo; printf "ready%s" "$((1+1))"; head -c 6 | od -An -tx1; stty sane; exit\r');
  await terminal.shows(/ready2/);
  terminal.type('\u001b[A\u0011\u001a\u0004');
  await terminal.shows(/1b 5b 41 11 1a 04/);
});

test('exec -t gives a program a terminal', async () => {
  await using terminal = foreground(demo, 'exec', 'demo', '-t', '--', 'sh', '-c', 'test -t 0 && test -t 1 && echo "a $((1+1)) tty"; exit 4');
  await terminal.shows(/a 2 tty/);
  await terminal.shows(/\[exit 4\]/);
});

test('The terminal is restored when the control plane ends', async () => {
  await using other = await SshdEnvironment.start();
  await using terminal = foreground(other, 'sh', 'demo');
  terminal.type('echo "here $((1+1))"\r');
  await terminal.shows(/here 2/);
  await other.closeApi();
  await terminal.shows(/\[exit \d+\]/);
  expect(await terminal.shows(/.*\[end\]/)).toMatch(asBefore);
});

test('The terminal is restored when the command is ended from outside', async () => {
  await using terminal = foreground(demo, 'sh', 'demo');
  terminal.type('echo "here $((1+1))"\r');
  await terminal.shows(/here 2/);
  process.kill(await pidOf(demo.somnus.commandLine('sh', 'demo')), 'SIGTERM');
  await terminal.shows(/\[exit 143\]/);
  expect(await terminal.shows(/.*\[end\]/)).toMatch(asBefore);
});

test('Without a terminal a shell reads its commands from standard input', async () => {
  expect(await demo.somnus.run(['sh', 'demo'], { input: 'echo one\necho two >&2\nexit 3\n' })).toMatchObject({ code: 3, stdout: 'one\n', stderr: expect.stringContaining('two\n') as string });
});

test('-t without a terminal is refused before anything runs', async () => {
  expect(await demo.somnus.run(['exec', 'demo', '-t', '--', 'true'])).toMatchObject({ code: 2, stderr: expect.stringContaining('error: -t needs a terminal') as string });
});
