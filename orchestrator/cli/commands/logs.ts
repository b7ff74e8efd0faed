// somnus logs: prints the journal of an environment's guest, or the console of its VM.
import { SomnusError } from '../../../common/errors.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { sanitizeConsole } from '../terminal/sanitize.ts';

/** At most this much of the end of the console is shown. */
const tailBytes = 16 * 1024 * 1024;
const defaultLines = 200;

interface LogOptions { follow: boolean; tail: number | undefined; since: number | undefined; console: boolean; raw: boolean }

export async function logs(cli: Cli, args: { name: string }, options: LogOptions): Promise<void> {
  const api = await cli.api();
  if (!options.console) {
    try {
      return await print(cli, api, args.name, 'journal', options);
    } catch (error) {
      // Only a guest that runs can read its journal; the console is kept.
      if (!(error instanceof SomnusError) || error.code !== 'invalid_state') throw error;
      cli.out.note(`${error.message}, so this is its console.`);
    }
  }
  await print(cli, api, args.name, 'console', options);
}

async function print(cli: Cli, api: ApiClient, ref: string, source: 'journal' | 'console', { follow, tail, since, raw }: LogOptions): Promise<void> {
  const lines = tail ?? (since === undefined ? defaultLines : undefined);
  const query = { source, follow, lines, since: since === undefined ? undefined : new Date(Date.now() - since).toISOString(), ...(source === 'journal' ? {} : { tailBytes, timestamps: !raw }) };
  const printLines = printer(cli, raw);
  for await (const chunk of await api.open('get', '/v1/environments/{ref}/logs', { path: { ref }, query }) as AsyncIterable<Buffer>) printLines(chunk);
  printLines(Buffer.alloc(0), true);
}

/** Prints whole lines, sanitized unless raw; in JSON, one object for each line, with the time that precedes it. */
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
      const [, time = null, content = text] = raw ? [] : /^(\d{4}-\d\d-\d\dT\S+) (.*)$/s.exec(text) ?? [];
      out.item({ time, line: content }, () => text);
    }
  };
}
