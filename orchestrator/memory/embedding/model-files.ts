// The files of the embedding model, all-MiniLM-L6-v2 (Apache-2.0) with int8 weights: which they are, whether a folder has them, and fetching them from
// the model's public home or a mirror. Every file is checked against its digest before it gets its name: who serves it need not be trusted.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SomnusError } from '../../../common/errors.ts';

interface ModelFile { path: string; maxBytes: number; sha256: readonly string[] }

export const modelFiles: readonly ModelFile[] = [
  { path: 'tokenizer.json', maxBytes: 1_000_000, sha256: ['da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0'] },
  {
    path: 'onnx/model_quantized.onnx', maxBytes: 30_000_000,
    // As its public home quantized it, and as ours, per channel.
    sha256: ['afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1', '18270512ca2f438ce7afeb250a6fae389461c492d5eeeff522ed1f94565ae9b6'],
  },
];

/** To say something, and to say more. */
const CONNECT_TIMEOUT_MS = 20_000;
const FILE_TIMEOUT_MS = 600_000;

/** What a folder lacks of the model. */
export async function missingModelFiles(folder: string): Promise<string[]> {
  const found = await Promise.all(modelFiles.map(async ({ path }) => await access(join(folder, path)).then(() => [], () => [path])));
  return found.flat();
}

/**
 * Fetches what the folder lacks, or what is damaged in it. Repeatable, also after an interruption: a file is whole, or not there.
 * @throws SomnusError `unavailable` when the server cannot be reached or has not got a file; `corrupt` when what it sent is not the model
 */
export async function fetchModel(folder: string, baseUrl: string): Promise<{ fetched: string[] }> {
  const fetched: string[] = [];
  for (const file of modelFiles) {
    const target = join(folder, file.path);
    if (file.sha256.includes(await digestOf(target))) continue;
    const url = `${baseUrl.replace(/\/$/, '')}/${file.path}`;
    await mkdir(dirname(target), { recursive: true });
    const arriving = `${target}.new`;
    try {
      const digest = await download(url, arriving, file.maxBytes);
      if (!file.sha256.includes(digest)) throw new SomnusError('corrupt', `What ${url} sent is not all-MiniLM-L6-v2: its SHA-256 is ${digest}`, { hint: 'Check the mirror, and what stands between.' });
      await rename(arriving, target);
    } finally {
      await rm(arriving, { force: true });
    }
    fetched.push(file.path);
  }
  return { fetched };
}

async function digestOf(path: string): Promise<string> {
  return await readFile(path).then((bytes) => createHash('sha256').update(bytes).digest('hex'), () => '');
}

/** The digest of what came. */
async function download(url: string, path: string, maxBytes: number): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(bytes > maxBytes ? new Error(`more than ${maxBytes} bytes`) : null, chunk);
    },
  });
  const slow = new AbortController();
  const silent = setTimeout(() => slow.abort(new Error(`no answer in ${CONNECT_TIMEOUT_MS / 1000} s`)), CONNECT_TIMEOUT_MS);
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([slow.signal, AbortSignal.timeout(FILE_TIMEOUT_MS)]) });
    clearTimeout(silent);
    if (!answer.ok || answer.body === null) throw new Error(`HTTP ${answer.status}`);
    await pipeline(Readable.fromWeb(answer.body), check, createWriteStream(path));
  } catch (cause) {
    const { message, cause: below } = cause as Error;
    throw new SomnusError('unavailable', `${url} cannot be fetched: ${below instanceof Error ? below.message : message}`, { cause });
  } finally {
    clearTimeout(silent);
  }
  return hash.digest('hex');
}
