// Computes the checksums of a saved state's files in a child process of the lowest priority (checksum-child.ts).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { SomnusError } from '../../common/errors.ts';
import { LineSplitter } from '../../common/line-splitter.ts';

export interface ChecksumTask { paths: readonly string[]; bytesPerSecond: number | null }
export type ChecksumAnswer = { path: string } & ({ crc32: string } | { error: string } | { readBytes: number; ofBytes: number });

export interface ChecksumOptions {
  signal: AbortSignal;
  /** Maximum read speed; unlimited by default. */
  bytesPerSecond?: number | undefined;
  /** Called with the file being read and the percentage done, 0 to 100. */
  onProgress?: ((path: string, percent: number) => void) | undefined;
}

const LONGEST_LINE_BYTES = 65_536;

/**
 * Returns the CRC-32 of each file, as in sparse-checksum.ts. @throws corrupt naming a file that cannot be read; unavailable when the process ends
 * early; cancelled
 */
export async function checksumFiles(paths: readonly string[], { signal, bytesPerSecond, onProgress }: ChecksumOptions): Promise<Map<string, string>> {
  signal.throwIfAborted();
  const sums = new Map<string, string>();
  let failure: SomnusError | undefined;
  const child = spawn('nice', ['-n', '19', 'ionice', '-c', '3', process.execPath, join(import.meta.dirname, 'checksum-child.ts')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  child.once('error', reject);
  child.once('close', () => resolve());
  child.stdin.on('error', () => {}); // the process has ended, which is reported below
  const lines = new LineSplitter(LONGEST_LINE_BYTES);
  child.stdout.on('data', (chunk: Buffer) => {
    for (const line of lines.push(chunk)) {
      const answer = JSON.parse(line ?? '{}') as ChecksumAnswer;
      if ('crc32' in answer) sums.set(answer.path, answer.crc32);
      else if ('error' in answer) failure ??= new SomnusError('corrupt', `${answer.path} cannot be read: ${answer.error}`, { details: { path: answer.path } });
      else onProgress?.(answer.path, (answer.readBytes / answer.ofBytes) * 100);
    }
  });
  const stop = (): void => { child.kill('SIGKILL'); };
  signal.addEventListener('abort', stop, { once: true });
  try {
    child.stdin.write(`${JSON.stringify({ paths, bytesPerSecond: bytesPerSecond ?? null } satisfies ChecksumTask)}\n`); // stays open: the child exits when it closes
    await ended;
  } finally {
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
  if (failure) throw failure;
  if (sums.size !== new Set(paths).size) throw new SomnusError('unavailable', 'The checksum process ended early');
  return sums;
}
