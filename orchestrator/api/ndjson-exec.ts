// A guest process as lines of JSON: the streamed answer of POST …/exec.
import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { toSomnusError } from '../../common/errors.ts';
import type { GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import type { ExecFrame } from './exec-protocol.ts';
import { relayOutput, type OutputStream } from './exec-relay.ts';
import { untilKeyEnds } from './key-watch.ts';
import { toProblem } from './problem.ts';

/** The signal must be the one that the process was started with: it ends both, and the last frame gives the reason. `first` is sent before the frames of the process. */
export function execLines(process: GuestProcess, requestId: string, signal: AbortSignal, first?: object): Readable {
  const out = new PassThrough({ highWaterMark: 262_144 });
  if (first !== undefined) out.write(`${JSON.stringify(first)}\n`);
  write(process, out, signal)
    .catch((thrown: unknown): ExecFrame => ({ type: 'error', problem: toProblem(toSomnusError(thrown), requestId) }))
    .then((last) => out.end(line(last)), () => out.destroy());
  return out;
}

async function write(process: GuestProcess, out: PassThrough, signal: AbortSignal): Promise<ExecFrame> {
  const texts = { stdout: new TextOrBase64(), stderr: new TextOrBase64() };
  out.write(line({ type: 'started' }));
  const exit = await untilKeyEnds(relayOutput(process, async (stream, chunk) => {
    const frame = texts[stream].frame(stream, chunk);
    if (frame !== null && !signal.aborted && !out.write(line(frame))) await once(out, 'drain', { signal });
  }), signal);
  return { type: 'exit', exit };
}

function line(frame: ExecFrame): string {
  return `${JSON.stringify(frame)}\n`;
}

/** Keeps an incomplete character at the end of a chunk for the next chunk, so that text stays text. What is not UTF-8 becomes base64. */
class TextOrBase64 {
  #rest: Buffer = Buffer.alloc(0);

  frame(type: OutputStream, chunk: Buffer | null): ExecFrame | null {
    const bytes = chunk === null ? this.#rest : this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const cut = chunk === null ? 0 : cutCharacterBytes(bytes);
    const whole = cut > 0 && isUtf8(bytes.subarray(0, -cut)) ? bytes.subarray(0, -cut) : bytes;
    this.#rest = bytes.subarray(whole.length);
    if (whole.length === 0) return null;
    return isUtf8(whole) ? { type, data: whole.toString('utf8'), encoding: 'utf8' } : { type, data: whole.toString('base64'), encoding: 'base64' };
  }
}

/** The number of bytes of an incomplete UTF-8 character at the end. */
function cutCharacterBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}
