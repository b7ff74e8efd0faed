import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SomnusError } from '../../../common/errors.ts';
import { finished, said, type Somnus } from './somnus-process.ts';
import { SshdEnvironment } from './sshd-environment.ts';

let demo: SshdEnvironment;
let somnus: Somnus;
let folder: string;
beforeAll(async () => {
  demo = await SshdEnvironment.start();
  ({ somnus } = demo);
  folder = await mkdtemp(join(tmpdir(), 'somnus-cli-exec-'));
});
afterAll(async () => {
  await demo[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Whether a process on this host, which plays the guest, has this in its command line. */
async function isRunning(mark: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commandLines = await Promise.all(pids.map(async (pid) => await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return commandLines.some((commandLine) => commandLine.includes(mark));
}

test('Streams are separate, bytes are exact, and the exit code is the program\'s', async () => {
  expect(await somnus.run(['exec', 'demo', '--', 'sh', '-c', 'printf "out\\0\\377"; printf err >&2; exit 7'])).toEqual({ code: 7, signal: null, stdout: 'out\0\ufffd', stderr: 'err' });
  expect((await somnus.run(['exec', 'demo', '--', 'no-such-program'])).code).toBe(127);
});

test('Arguments, folder and variables arrive unchanged, with and without --', async () => {
  const { stdout } = await somnus.run(['exec', 'demo', '--cwd', folder, '--env', "A=it's \"x\" $y", '--', 'sh', '-c', 'echo "$PWD|$A|$1|$2"', 'sh', ' two  words ', '名 -o']);
  expect(stdout).toBe(`${folder}|it's "x" $y| two  words |名 -o\n`);
  expect((await somnus.run(['exec', 'demo', 'echo', '-n', '--timeout'])).stdout).toBe('--timeout');
});

test('100 MB pass through a pipe unchanged', async () => {
  const child = somnus.start(['exec', 'demo', '--', 'sh', '-c', 'head -c 100000000 /dev/zero | tr "\\0" x'], { input: '' });
  const hash = createHash('sha256');
  let count = 0;
  child.stdout.on('data', (chunk: Buffer) => { count += chunk.length; hash.update(chunk); });
  const [code] = await once(child, 'close') as [number];
  expect({ code, count, sha: hash.digest('hex') }).toEqual({ code: 0, count: 100_000_000, sha: sha256(Buffer.alloc(100_000_000, 'x')) });
});

test('Standard input from a pipe or a file reaches the program byte for byte', async () => {
  const bytes = randomBytes(20_000_000);
  await writeFile(join(folder, 'input'), bytes);
  const piped = somnus.start(['exec', 'demo', '--', 'cat'], { input: bytes });
  expect(sha256(await buffer(piped.stdout))).toBe(sha256(bytes));
  expect((await somnus.bash(`somnus exec demo -- sha256sum <'${folder}/input'`)).stdout).toContain(sha256(bytes));
});

test('A program that does not read its input, and endless input, block nothing', async () => {
  expect((await somnus.run(['exec', 'demo', '--', 'true'], { input: randomBytes(5_000_000) })).code).toBe(0);
  const child = somnus.start(['exec', 'demo', '--', 'echo', 'done']); // its standard input stays open
  expect(await finished(child)).toMatchObject({ code: 0, stdout: 'done\n' });
});

test('A program that reads slowly gets all of its input', async () => {
  const bytes = randomBytes(12_000_000);
  const { stdout } = await somnus.run(['exec', 'demo', '--', 'sh', '-c', 'sleep 1; sha256sum'], { input: bytes });
  expect(stdout).toContain(sha256(bytes));
});

test('--no-stdin leaves the input to the shell\'s next command', async () => {
  const { stdout } = await somnus.bash('printf "1\\n2\\n" | while read line; do somnus exec demo --no-stdin -- echo "got $line"; done');
  expect(stdout).toBe('got 1\ngot 2\n');
});

test('When the reader of a pipe has enough, the program in the guest ends too', async () => {
  const mark = `pipe-${randomBytes(6).toString('hex')}`;
  const { stdout, stderr } = await somnus.bash(`somnus exec demo -- sh -c 'while :; do echo ${mark}; done' | head -1; echo "\${PIPESTATUS[@]}"`);
  expect(stdout).toBe(`${mark}\n141 0\n`);
  expect(stderr).toBe('');
  await expect.poll(async () => await isRunning(mark), { timeout: 10_000 }).toBe(false);
});

test('A reader that pauses pauses the program, and nothing is lost', async () => {
  const progress = join(folder, 'progress');
  const child = somnus.start(['exec', 'demo', '--', 'sh', '-c', `i=0; while [ $i -lt 120 ]; do head -c 1000000 /dev/zero; i=$((i+1)); echo $i >'${progress}'; done`], { input: '' });
  const produced = async (): Promise<number> => Number(await readFile(progress, 'utf8').catch(() => '0'));
  let before = -1;
  // It is paused when it writes nothing more for a while.
  await expect.poll(async () => { const [last, now] = [before, await produced()]; before = now; return now > 0 && now === last; }, { timeout: 60_000, interval: 1000 }).toBe(true);
  expect(await produced()).toBeLessThan(60);
  const output = await buffer(child.stdout);
  expect(output.length).toBe(120_000_000);
});

test('Ctrl-C interrupts the program; a second one kills a program that ignores it', async () => {
  const obeys = somnus.start(['exec', 'demo', '--', 'sh', '-c', 'echo begun; exec sleep 60'], { input: '' });
  await said(obeys.stdout, /begun/);
  obeys.kill('SIGINT');
  expect((await finished(obeys)).code).toBe(130);

  const stubborn = somnus.start(['exec', 'demo', '--', 'bash', '-c', 'trap "echo no" INT; echo begun; while :; do sleep 0.1; done'], { input: '' });
  await said(stubborn.stdout, /begun/);
  stubborn.kill('SIGINT');
  await said(stubborn.stdout, /no/);
  stubborn.kill('SIGINT');
  expect((await finished(stubborn)).code).toBe(137);
});

test('Ctrl-C works while the output is not read, and a third one ends the command immediately', async () => {
  const child = somnus.start(['exec', 'demo', '--', 'bash', '-c', 'trap "" INT; echo begun >&2; cat /dev/zero'], { input: '' });
  await said(child.stderr, /begun/);
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  for (let i = 0; i < 3; i += 1) {
    child.kill('SIGINT');
    await new Promise((resolve) => setImmediate(resolve));
  }
  child.stdin.destroy();
  // Two signals of the same kind may be delivered as one.
  const again = setInterval(() => child.kill('SIGINT'), 200);
  const [, signal] = await ended;
  clearInterval(again);
  expect(signal).toBe('SIGINT');
});

test('TERM ends the program and the command', async () => {
  const mark = `term-${randomBytes(6).toString('hex')}`;
  const child = somnus.start(['exec', 'demo', '--', 'bash', '-c', `trap "" TERM; echo begun; while :; do sleep 0.1; : ${mark}; done`], { input: '' });
  await said(child.stdout, /begun/);
  child.kill('SIGTERM');
  expect((await finished(child)).code).toBe(143);
  await expect.poll(async () => await isRunning(mark), { timeout: 20_000 }).toBe(false);
});

test('A program that exceeds --timeout is ended with exit code 124', async () => {
  const result = await somnus.run(['exec', 'demo', '--timeout', '0.5s', '--', 'sh', '-c', 'sleep 60 & sleep 60']);
  expect(result).toMatchObject({ code: 124, stderr: 'The command was stopped at its time limit of 0.5 s.\n' });
});

test('-o json prints the frames of the API, one per line', async () => {
  const { code, stdout, stderr } = await somnus.run(['exec', 'demo', '-o', 'json', '--', 'sh', '-c', 'echo text; printf "\\377" >&2; exit 3']);
  const frames = stdout.trim().split('\n').map((line) => JSON.parse(line) as { type: string });
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
  expect(frames[0]).toEqual({ type: 'started' });
  expect(frames).toContainEqual({ type: 'stdout', data: 'text\n', encoding: 'utf8' });
  expect(frames).toContainEqual({ type: 'stderr', data: '/w==', encoding: 'base64' });
  expect(frames.at(-1)).toEqual({ type: 'exit', exit: { code: 3, signal: null, timedOut: false } });
});

test('A refusal by the API is reported with its hint and code, and nothing of the command runs', async () => {
  expect(await somnus.run(['exec', 'other', '--', 'true'])).toMatchObject({ code: 3, stderr: expect.stringContaining('error: There is no environment other\nhint: ') as string });
  expect((await somnus.run(['exec', 'demo', '--', 'true'], { env: { SOMNUS_KEY: 'wrong' } })).code).toBe(4);
  demo.fault = new SomnusError('invalid_state', 'demo is suspended', { hint: 'somnus resume demo' });
  expect(await somnus.run(['exec', 'demo', '--', 'true'])).toEqual({ code: 5, signal: null, stdout: '', stderr: 'error: demo is suspended\nhint: somnus resume demo\n' });
  demo.fault = undefined;
});
