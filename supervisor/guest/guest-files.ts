// Reads and writes files in a guest with programs that every Linux has: cat, stat, tar. Works with any way to run a program there.
//
// A file is written beside its target and renamed only when the guest has counted as many bytes as were sent: the guest cannot tell a broken stream
// from an end of file, so it never decides on its own that a file is complete. The size of a small file is known before it is sent, so SFTP or one
// script does all; for any other a second script follows.
import { randomBytes } from 'node:crypto';
import { PassThrough, Transform, type Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { throwIfAborted, untilAborted, withDeadline } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import { boundedText, printable } from './bounded-text.ts';
import type { ExecRequest, GuestFileInfo, GuestProcess } from './guest-channel.ts';
import type { SmallFile } from './sftp-writer.ts';

type Exec = (request: ExecRequest, signal?: AbortSignal) => Promise<GuestProcess>;

/** Meanings of our scripts' exit codes; any other code is a program's failure, explained by its standard error. */
const failures: Record<number, (path: string) => SomnusError> = {
  40: (path) => new SomnusError('not_found', `${path} does not exist in the VM`, { details: { path } }),
  41: (path) => new SomnusError('invalid_request', `The folder of ${path} does not exist in the VM`, { hint: 'Create the folder first.', details: { path } }),
  42: (path) => new SomnusError('invalid_request', `${path} is a folder`, { hint: 'Name a file, or transfer the folder as tar.', details: { path } }),
  43: (path) => new SomnusError('invalid_request', `${path} is neither a file nor a folder`, { details: { path } }),
  44: (path) => new SomnusError('invalid_request', `${path} is not a folder`, { details: { path } }),
  45: (path) => new SomnusError('insufficient_space', `The VM's disk has no space left for ${path}`, { hint: 'Free space in the VM.', details: { path } }),
  47: (path) => new SomnusError('name_taken', `${path} already exists in the VM`, { hint: 'Choose another path, or replace it with overwrite=true.', details: { path } }),
  48: (path) => new SomnusError('invalid_request', `${path} is a folder that is not empty`, { hint: 'Remove it with its content with recursive=true.', details: { path } }),
  46: (path) => new SomnusError('guest_unreachable', `${path} arrived incomplete in the VM`, { hint: 'Send it again.', details: { path } }),
};

/** Exit 45 when the file system of $1 is full. */
const failWhenFull = `
fail_when_full() {
  set -- $(stat -f -c '%b %f %S %c %d' -- "$1")
  [ "$1" -gt 0 ] && [ $(($2 * $3)) -lt 1048576 ] && exit 45
  [ "$4" -gt 0 ] && [ "$5" -eq 0 ] && exit 45
}`;

const temporaryName = (random: string): string => `.somnus-${random}.tmp`;

/** Sets target (what $1 resolves to) and temp (beside it, with a name from $2). */
const findTarget = `
export LC_ALL=C
target=$1
if [ -L "$target" ]; then target=$(readlink -f -- "$1"; echo .); target=\${target%??}; fi
case $target in */*) folder=\${target%/*}/;; *) folder=./;; esac
temp=$folder${temporaryName('$2')}`;

const receiveScript = `${failWhenFull}${findTarget}
umask 077
[ -d "$target" ] && exit 42
[ -e "$target" ] && ! [ -f "$target" ] && exit 43
[ -d "$folder" ] || exit 41
dd of="$temp" bs=65536 iflag=fullblock conv=sparse status=none || { fail_when_full "$folder"; exit 1; }`;

/** $3: the number of bytes sent. $4: the mode; empty to keep the mode of the replaced file. */
const renameScript = `
[ "$(stat -c %s -- "$temp")" = "$3" ] || exit 46
if [ -n "$4" ]; then chmod "$4" "$temp"
elif [ -e "$target" ]; then chown --reference="$target" "$temp" && chmod --reference="$target" "$temp"
else chmod 644 "$temp"; fi && mv -fT -- "$temp" "$target"`;

const commitScript = `${findTarget}${renameScript}`;

const receiveAndCommitScript = `${receiveScript}${renameScript}`;

const discardScript = `${findTarget}
rm -f -- "$temp"`;

const infoFormat = '%f %s %.3Y %b';
const statScript = `[ -e "$1" ] || exit 40
exec stat -L -c '${infoFormat}' -- "$1"`;

/** The first line describes the same open file that follows. */
const sendScript = `[ -e "$1" ] || exit 40
[ -d "$1" ] && exit 42
[ -f "$1" ] || exit 43
{ stat -L -c '${infoFormat}' /dev/fd/3 && exec cat <&3; } 3<"$1"`;

const sendTarScript = `[ -e "$1" ] || exit 40
[ -d "$1" ] || exit 44
export LC_ALL=C
cd "$1" && echo && exec tar --format=posix --pax-option=delete=atime,delete=ctime,delete=mtime --sparse --sparse-version=1.0 -cf - .`;

const receiveTarScript = `${failWhenFull}
export LC_ALL=C
parent=\${1%/}; case $parent in */*) parent=\${parent%/*}/;; *) parent=./;; esac
[ -e "$1" ] && ! [ -d "$1" ] && exit 44
[ -d "$parent" ] || exit 41
[ -d "$1" ] || mkdir "$1" || exit 1
tar -C "$1" -xpf - --no-same-owner && exit 0
fail_when_full "$1"
exit 1`;

/** A file up to this size is held in memory before it is sent. */
const SMALL_FILE_BYTES = 256 * 1024;
/** Enough for any first line of our scripts. */
const FIRST_LINE_BYTES = 256;
const ERROR_BYTES = 64 * 1024;
/** For scripts that transfer no content: a file system in the guest may hang. */
const SHORT_SCRIPT_MS = 120_000;

export class GuestFiles {
  readonly #exec: Exec;
  readonly #writeSmall: (file: SmallFile, signal?: AbortSignal) => Promise<boolean>;
  readonly #persist: (what: string, work: () => Promise<void>) => void;

  /** `writeSmall` returns false if a script should write the file. `persist` runs a task in the background and retries it until it succeeds. */
  constructor(exec: Exec, writeSmall: (file: SmallFile, signal?: AbortSignal) => Promise<boolean>, persist: (what: string, work: () => Promise<void>) => void) {
    this.#exec = exec;
    this.#writeSmall = writeSmall;
    this.#persist = persist;
  }

  async stat(path: string): Promise<GuestFileInfo | undefined> {
    const { code, stdout, stderr } = await this.#run(statScript, [location(path)]);
    if (code === 40) return undefined;
    if (code !== 0) throw scriptFailure(code, path, stderr);
    return parseInfo(stdout);
  }

  async write(path: string, content: Readable, { mode }: { mode?: number | undefined }, signal?: AbortSignal): Promise<{ sizeBytes: number }> {
    const where = [location(path), randomBytes(8).toString('hex')] as const;
    const modeText = mode === undefined ? '' : mode.toString(8);
    const small = await readAll(content, SMALL_FILE_BYTES, signal);
    let sizeBytes = small?.length ?? 0;
    const counter = new Transform({
      transform(chunk: Buffer, _encoding, callback) {
        sizeBytes += chunk.length;
        callback(null, chunk);
      },
    });
    try {
      if (small !== undefined && await this.#writeSmall({ path: where[0], temporaryName: temporaryName(where[1]), content: small, mode }, signal)) return { sizeBytes };
      if (small !== undefined) await this.#feed(receiveAndCommitScript, [...where, String(sizeBytes), modeText], path, new PassThrough().end(small), new PassThrough(), signal);
      else {
        await this.#feed(receiveScript, where, path, content, counter, signal);
        const { code, stderr } = await this.#run(commitScript, [...where, String(sizeBytes), modeText], signal);
        if (code !== 0) throw scriptFailure(code, path, stderr);
      }
    } catch (error) {
      this.#persist('removing an incomplete file', async () => { await this.#run(discardScript, where); });
      throw error;
    }
    return { sizeBytes };
  }

  async read(path: string, signal?: AbortSignal): Promise<{ info: GuestFileInfo; content: Readable }> {
    const { firstLine, makeContent } = await this.#source(sendScript, path, signal);
    const info = parseInfo(firstLine);
    return { info, content: makeContent({ leastBytes: hasBlocks(firstLine) ? info.sizeBytes : 0, exitCodes: [0] }) };
  }

  async readTar(path: string, signal?: AbortSignal): Promise<Readable> {
    const { makeContent } = await this.#source(sendTarScript, path, signal);
    return makeContent({ leastBytes: 0, exitCodes: [0, 1] }); // 1: a file changed while tar read it
  }

  async writeTar(path: string, content: Readable, signal?: AbortSignal): Promise<void> {
    await this.#feed(receiveTarScript, [location(path)], path, content, new PassThrough(), signal);
  }

  /** Runs a script that reads `content` from standard input, through `through`. On failure the caller still owns `content`, and may still answer over it. */
  async #feed(script: string, args: readonly string[], path: string, content: Readable, through: Transform, signal: AbortSignal | undefined): Promise<void> {
    const broken = new AbortController();
    const done = new AbortController();
    const process = await this.#exec(scriptRequest(script, args), signal ? AbortSignal.any([signal, broken.signal]) : broken.signal);
    // Either the content breaks off, and then the program is ended rather than shown an end of file; or the program ends first, and reports why.
    let contentError: unknown;
    const read = finished(content, { writable: false, cleanup: true, signal: done.signal }).then(() => { through.end(); }, (error: unknown) => {
      if (done.signal.aborted) return;
      contentError = error;
      broken.abort();
    });
    content.pipe(through).pipe(process.stdin);
    process.stdout.resume();
    try {
      const [stderr, { code, signal: endedBy }] = await Promise.all([boundedText(process.stderr, ERROR_BYTES), process.exit]);
      throwIfAborted(signal);
      if (contentError !== undefined && (code === 0 || endedBy !== null)) throw contentError;
      if (code !== 0) throw scriptFailure(code, path, stderr);
    } finally {
      done.abort();
      content.unpipe(through);
      await read;
    }
  }

  /** Starts a script that outputs a line and then content. */
  async #source(script: string, path: string, signal: AbortSignal | undefined): Promise<{ firstLine: string; makeContent: (expected: Expected) => Readable }> {
    const cancelled = new AbortController();
    const process = await this.#exec(scriptRequest(script, [location(path)]), signal ? AbortSignal.any([signal, cancelled.signal]) : cancelled.signal);
    process.stdin.end();
    const stderr = boundedText(process.stderr, ERROR_BYTES);
    stderr.catch(() => {});
    const firstLine = await readFirstLine(process.stdout);
    if (firstLine === undefined) {
      process.stdout.resume();
      const { code } = await process.exit;
      throwIfAborted(signal);
      throw scriptFailure(code, path, await stderr);
    }
    return { firstLine, makeContent: (expected) => checkedContent(process, path, expected, stderr, cancelled) };
  }

  async #run(script: string, args: readonly string[], signal?: AbortSignal): Promise<{ code: number; stdout: string; stderr: string }> {
    return await withDeadline('A file operation in the VM', SHORT_SCRIPT_MS, signal, async (deadline) => {
      const process = await this.#exec(scriptRequest(script, args), deadline);
      process.stdin.end();
      const [stdout, stderr, { code }] = await Promise.all([boundedText(process.stdout, ERROR_BYTES), boundedText(process.stderr, ERROR_BYTES), process.exit]);
      return { code, stdout, stderr };
    });
  }
}

interface Expected { leastBytes: number; exitCodes: readonly number[] }

/** Returns the program's output as a stream that ends without an error only when it is complete; destroying the stream ends the program. */
function checkedContent(process: GuestProcess, path: string, expected: Expected, stderr: Promise<string>, cancelled: AbortController): Readable {
  let bytes = 0;
  const content = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      bytes += chunk.length;
      callback(null, chunk);
    },
    flush(callback) {
      Promise.all([process.exit, stderr]).then(([{ code }, stderrText]) => {
        if (bytes < expected.leastBytes) callback(new SomnusError('precondition_failed', `${path} became shorter while it was read`, { hint: 'Copy it again when no program writes to it.', details: { path, expectedBytes: expected.leastBytes, bytes } }));
        else if (!expected.exitCodes.includes(code)) callback(scriptFailure(code, path, stderrText));
        else callback();
      }, callback);
    },
  });
  content.once('close', () => cancelled.abort());
  content.on('error', () => {});
  pipeline(process.stdout, content).catch(() => {}); // the reader of `content` gets the error
  return content;
}

/** The whole content if it has at most this many bytes; otherwise undefined, and the stream still has everything. @throws the stream's error; cancelled */
async function readAll(stream: Readable, mostBytes: number, signal: AbortSignal | undefined): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('error', () => {}); // thrown below; without a listener, one between two reads would end the process
  while (bytes <= mostBytes) {
    const chunk = stream.read() as Buffer | null;
    if (chunk !== null) bytes += chunks[chunks.push(chunk) - 1]!.length;
    else if (stream.errored) throw stream.errored;
    else if (stream.readableEnded) return Buffer.concat(chunks);
    else if (stream.destroyed) throw new SomnusError('cancelled', 'The content ended before it was complete');
    else await untilAborted(untilReadable(stream), signal);
  }
  stream.unshift(Buffer.concat(chunks));
  return undefined;
}

/** Resolves when there is more to read, or nothing will follow. */
async function untilReadable(stream: Readable): Promise<void> {
  const events = ['readable', 'end', 'close', 'error'];
  await new Promise<void>((resolve) => {
    const done = (): void => {
      for (const event of events) stream.off(event, done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
  });
}

/** Reads up to the first newline and drops it; undefined when the stream ends first. */
async function readFirstLine(stream: Readable): Promise<string | undefined> {
  let line = Buffer.alloc(0);
  for (;;) {
    const chunk = stream.read() as Buffer | null;
    if (chunk === null) {
      if (stream.readableEnded || stream.destroyed) return undefined;
      await untilReadable(stream);
      continue;
    }
    const end = chunk.indexOf(0x0a);
    line = Buffer.concat([line, end < 0 ? chunk : chunk.subarray(0, end)]);
    if (line.length > FIRST_LINE_BYTES) return undefined;
    if (end < 0) continue;
    stream.unshift(chunk.subarray(end + 1));
    return line.toString('latin1');
  }
}

export function scriptRequest(script: string, args: readonly string[]): ExecRequest {
  return { command: ['sh', '-c', script, 'somnus', ...args], env: {} };
}

/** Returns a path that no program mistakes for an option. */
function location(path: string): string {
  if (path === '' || path.includes('\0')) throw new SomnusError('invalid_request', 'A path must not be empty or contain a NUL byte');
  return path.startsWith('/') ? path : `./${path}`;
}

/** What a script's exit code means. Any code that is not ours is a failure of a program. */
export function scriptFailure(code: number, path: string, stderr: string): SomnusError {
  const known = failures[code];
  if (known) return known(path);
  // An incomplete file has a temporary name; the user knows only the requested one.
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const message = printable(stderr.replaceAll(/\.somnus-[0-9a-f]{16}\.tmp/g, '\0').replaceAll(`${folder}\0`, path).replaceAll('\0', path));
  return new SomnusError('invalid_request', `${path} cannot be used in the VM: ${message ||  `exit code ${code}`}`, { hint: 'The message comes from a program in the VM.', details: { path, code } });
}

/** Whether the file uses disk blocks. Files in /proc and /sys do not, and their stated size is unrelated to their content. */
function hasBlocks(line: string): boolean {
  return Number(line.trim().split(' ')[3]) > 0;
}

function parseInfo(line: string): GuestFileInfo {
  const [rawMode = '', size = '', modified = ''] = line.trim().split(' ');
  const bits = Number.parseInt(rawMode, 16);
  const info: GuestFileInfo = {
    type: (bits & 0o170000) === 0o100000 ? 'file' : (bits & 0o170000) === 0o040000 ? 'directory' : 'other',
    sizeBytes: Number(size),
    mode: bits & 0o7777,
    modifiedMs: Math.round(Number(modified) * 1000),
  };
  if (![bits, info.sizeBytes, info.modifiedMs].every(Number.isFinite)) throw new SomnusError('guest_unreachable', 'The VM returned an invalid file description');
  return info;
}
