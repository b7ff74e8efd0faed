// HTTP server on the holder's socket, as described in agent/contract/programs.ts. Only root can reach the socket, and the host checks what it sends, so requests are trusted.
import { once } from 'node:events';
import { createReadStream, watch } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import type { ProgramRequest } from '../contract/programs.ts';
import { Refused, type Program, type Programs, type StreamName } from './programs.ts';

const MAX_REQUEST_BYTES = 4 << 20;
/** The same as FROM_HEADER of the contract, whose schemas the guest does not load. */
const FROM = 'x-somnus-from';

export function programServer(programs: Programs): Server {
  return createServer({ requestTimeout: 0 }, (request, response) => {
    response.on('error', () => {});
    handle(programs, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else answer(response, error instanceof Refused ? 409 : 500, { message: (error as Error).message });
    });
  });
}

async function handle(programs: Programs, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://holder');
  const [, , id = '', what = ''] = url.pathname.split('/');
  if (id === '') return answer(response, 200, { programs: programs.all().map((program) => program.record()) });
  if (!/^[\w-]{1,64}$/.test(id)) return answer(response, 400, { message: 'Invalid id' });
  const { method = 'GET' } = request;
  if (method === 'PUT' && what === '') return answer(response, 200, programs.start(id, JSON.parse(await bodyOf(request)) as ProgramRequest).record());
  const program = programs.get(id);
  if (program === undefined) return answer(response, 404, { message: `There is no program ${id}` });
  switch (`${method} ${what}`) {
    case 'GET ': {
      if (url.searchParams.has('wait') && program.running) await once(program, 'ended', { signal: closing(response) }).catch(() => {});
      return answer(response, 200, program.record());
    }
    case 'GET output': return await sendOutput(program, url.searchParams, response);
    case 'PUT stdin': return await takeInput(program, url.searchParams.has('eof'), request, response);
    case 'POST signal': program.signal(`SIG${url.searchParams.get('name') ?? 'TERM'}` as NodeJS.Signals); break;
    case 'POST size': program.resize(Number(url.searchParams.get('columns')), Number(url.searchParams.get('rows'))); break;
    case 'POST end': program.end(); break;
    case 'DELETE ': {
      if (program.running) return answer(response, 409, { message: 'It is running' });
      programs.remove(program);
      break;
    }
    default: return answer(response, 405, { message: `${method} is not allowed here` });
  }
  answer(response, 200, {});
}

/** Sends the content of the file; with `follow`, also new output until the program has ended, and waits if the program has not reached the offset yet. */
async function sendOutput(program: Program, query: URLSearchParams, response: ServerResponse): Promise<void> {
  const stream: StreamName = query.get('stream') === 'stderr' ? 'stderr' : 'stdout';
  const asked = Number(query.get('from') ?? 0);
  const awaited = query.has('follow') && program.running;
  let at = Math.max(program.saved.keptFrom[stream], asked < 0 ? Math.max(0, program.size(stream) + asked) : awaited ? asked : Math.min(asked, program.size(stream)));
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', [FROM]: String(at) });
  response.flushHeaders();
  const signal = closing(response);
  const change = new LatchedSignal();
  const endWatch = watched(program.path(stream), () => change.set());
  const onEnded = (): void => change.set();
  program.once('ended', onEnded);
  signal.addEventListener('abort', onEnded, { once: true });
  try {
    for (;;) {
      const last = !program.running || !query.has('follow'); // checked before reading, so that nothing written in between is missed
      at += await sendFile(program, stream, at, response, signal);
      if (signal.aborted) return;
      if (last) break;
      if (program.size(stream) <= at && program.running) await change.wait();
      change.reset();
    }
    response.end();
  } finally {
    endWatch();
    program.off('ended', onEnded);
  }
}

/** @throws when output is freed before this reader gets it, because later output would not be at its offset */
async function sendFile(program: Program, stream: StreamName, from: number, response: ServerResponse, signal: AbortSignal): Promise<number> {
  let sent = 0;
  const to = program.size(stream);
  if (to <= from) return sent;
  for await (const chunk of createReadStream(program.path(stream), { start: from, end: to - 1 }) as AsyncIterable<Buffer>) {
    if (signal.aborted) return sent;
    if (from + sent < program.saved.keptFrom[stream]) throw new Error('This output is no longer kept');
    sent += chunk.length;
    if (!response.write(chunk)) await once(response, 'drain', { signal }).catch(() => {});
  }
  return sent;
}

const POLL_MS = 250;

/** Calls `changed` when a file changes. If the guest has no inotify watches left, calls it at intervals instead. Returns a function that ends this. */
function watched(path: string, changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const poll = (): void => { timer ??= setInterval(changed, POLL_MS); };
  try {
    const watcher = watch(path, changed).on('error', poll);
    return () => {
      watcher.close();
      clearInterval(timer);
    };
  } catch {
    poll();
    return () => clearInterval(timer);
  }
}

async function takeInput(program: Program, eof: boolean, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { stdin } = program;
  if (stdin === undefined) return answer(response, 409, { message: 'The program takes no input' });
  response.writeHead(200);
  response.flushHeaders();
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (!stdin.writable) break;
    if (!stdin.write(chunk)) await drained(stdin, program);
  }
  if (eof) stdin.end();
  response.end();
}

/** Settles when the program has read its input, or will read no more. */
async function drained(stdin: Writable, program: Program): Promise<void> {
  const over = new AbortController();
  await Promise.race([once(stdin, 'drain', over), once(stdin, 'close', over), once(program, 'ended', over)]).catch(() => {});
  over.abort();
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_REQUEST_BYTES) throw new Error('The request is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function closing(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  return controller.signal;
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

/** A signal that stays set until it is reset. Does not use Promise.withResolvers, because a guest's user may have installed an older Node that lacks it. */
class LatchedSignal {
  #resolve: () => void = () => {};
  #next = this.#unset();

  set(): void {
    this.#resolve();
  }

  async wait(): Promise<void> {
    await this.#next;
  }

  reset(): void {
    this.#next = this.#unset();
  }

  async #unset(): Promise<void> {
    await new Promise<void>((resolve) => { this.#resolve = resolve; });
  }
}
