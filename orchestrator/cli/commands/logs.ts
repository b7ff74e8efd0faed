// somnus logs: prints the journal of an environment's guest, or the console of its VM.
import type { Readable } from 'node:stream';
import { SomnusError } from '../../../common/errors.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { sanitizeConsole } from '../terminal/sanitize.ts';

/** How much of the end of the console is searched for the requested lines. */
const tailBytes = 1024 * 1024;
const defaultLines = 200;

interface LogOptions { follow: boolean; tail: number | undefined; since: number | undefined; console: boolean; raw: boolean }

export async function logs(cli: Cli, args: { name: string }, options: LogOptions): Promise<void> {
  const api = await cli.api();
  if (options.console && options.since !== undefined) throw new SomnusError('invalid_request', '--since cannot be combined with --console', { hint: 'Lines of the console have no times; the journal has them.' });
  if (!options.console) {
    try {
      return await journal(cli, api, args.name, options);
    } catch (error) {
      // Only a guest that runs can read its journal; the console is kept.
      if (!(error instanceof SomnusError) || error.code !== 'invalid_state' || options.since !== undefined) throw error;
      cli.out.note(`${error.message}, so this is its console, without times.`);
    }
  }
  await consoleLog(cli, api, args.name, options);
}

async function journal(cli: Cli, api: ApiClient, ref: string, { follow, tail, since, raw }: LogOptions): Promise<void> {
  const lines = tail ?? (since === undefined ? defaultLines : undefined);
  const stream = await api.open('get', '/v1/environments/{ref}/logs', { path: { ref }, query: { source: 'journal', follow, lines, since: since === undefined ? undefined : new Date(Date.now() - since).toISOString() } });
  const print = printer(cli, raw);
  for await (const chunk of stream as AsyncIterable<Buffer>) print(chunk);
  print(Buffer.alloc(0), true);
}

async function consoleLog(cli: Cli, api: ApiClient, ref: string, options: LogOptions): Promise<void> {
  const print = printer(cli, options.raw);
  const wanted = lastLines(await readAll(api, ref), options.tail ?? defaultLines);
  if (!options.follow) {
    print(wanted);
    print(Buffer.alloc(0), true);
    return;
  }
  // Requested again for exactly these lines, so that nothing is lost between them and what follows.
  const stream = await api.open('get', '/v1/environments/{ref}/logs', { path: { ref }, query: { tailBytes: wanted.length, follow: true } });
  for await (const chunk of stream as AsyncIterable<Buffer>) print(chunk);
  print(Buffer.alloc(0), true);
}

async function readAll(api: ApiClient, ref: string): Promise<Buffer> {
  const stream: Readable = await api.open('get', '/v1/environments/{ref}/logs', { path: { ref }, query: { tailBytes } });
  return Buffer.concat(await Array.fromAsync(stream as AsyncIterable<Buffer>));
}

function lastLines(bytes: Buffer, lines: number): Buffer {
  if (lines === 0) return Buffer.alloc(0);
  let at = bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length;
  for (let left = lines; left > 0 && at > 0; left -= 1) {
    at = bytes.lastIndexOf(0x0a, at - 1);
    if (at === -1) return bytes;
  }
  return at === 0 ? bytes : bytes.subarray(at + 1);
}

/** Prints whole lines, sanitized unless raw; in JSON, one object for each line of the console. */
function printer({ out }: Cli, raw: boolean): (bytes: Buffer, last?: boolean) => void {
  const decoder = new TextDecoder();
  let rest = '';
  return (bytes, last = false) => {
    if (raw && !out.json) {
      process.stdout.write(bytes);
      return;
    }
    const lines = (rest + decoder.decode(bytes, { stream: !last })).split('\n');
    rest = last ? '' : lines.pop() ?? '';
    if (last && lines.at(-1) === '') lines.pop();
    for (const line of lines) {
      const text = raw ? line : sanitizeConsole(line.replace(/\r+$/, ''));
      out.item({ line: text }, () => text);
    }
  };
}
