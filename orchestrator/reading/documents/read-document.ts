// Entry point for reading documents. Each is parsed in a separate process with no network, no access to files other than the program's, no privileges, and limits on memory and time, so that a hostile document can end only its own process.
import { spawn, type ChildProcess } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { withDeadline } from '../../../common/deadline.ts';
import { fromSerializedError, SomnusError, type SerializedError } from '../../../common/errors.ts';
import { documentOf, type ReadDocument } from './document.ts';
import { confined, type Limits } from './confined-process.ts';
import type { DocumentHints } from './parse-document.ts';
import { imageType } from './sniff.ts';

interface ReadOptions {
  /** Time limit for reading the whole document, before scaling. Default: 60 s. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** The program that recognizes text in images; it gets tesseract's arguments. Default: tesseract. */
  ocrProgram?: string | undefined;
}

export const maxDocumentBytes = 100 * 1024 * 1024;
const maxAnswerBytes = 200 * 1024 * 1024;
const root = resolve(import.meta.dirname, '../../..');
const parserLimits: Limits = { memoryMiB: 1536, cpuSeconds: 120 };
const ocrLimits: Limits = { memoryMiB: 1024, cpuSeconds: 300 };

/**
 * Reads a web page, PDF, Office file (docx, xlsx, pptx, odt), EPUB, feed, sitemap, table, JSON, XML, Markdown or text; images if tesseract is installed. The format is detected from the bytes; `hints` only tells text formats apart.
 * Changes nothing and can be repeated.
 * @throws SomnusError `unsupported_media_type` for a document without text, `invalid_request` for a damaged one, `locked` for one with a password, `too_large` for more than 100 MiB, or if it unpacks to too much or needs too much
 *   memory or time, `unsupported` for an image without tesseract, `timeout`, `cancelled`
 */
export async function readDocument(bytes: Uint8Array, hints: DocumentHints = {}, options: ReadOptions = {}): Promise<ReadDocument> {
  if (bytes.length > maxDocumentBytes) throw new SomnusError('too_large', `The document has ${bytes.length} bytes; the maximum is ${maxDocumentBytes}`, { hint: 'Split the document.' });
  const image = imageType(bytes);
  return await withDeadline('Reading the document', options.timeoutMs ?? 60_000, options.signal, async (signal) => (image === undefined ? await parsed(bytes, hints, signal) : await recognized(bytes, image, options.ocrProgram ?? 'tesseract', signal)));
}

async function parsed(bytes: Uint8Array, hints: DocumentHints, signal: AbortSignal): Promise<ReadDocument> {
  const readable = [...new Set([root, realpathSync(join(root, 'node_modules'))])].map((folder) => `--allow-fs-read=${folder}/*`);
  const node = ['--permission', ...readable, '--disable-wasm-trap-handler', '--max-old-space-size=1024', '--no-warnings', join(import.meta.dirname, 'parse-child.ts')];
  const { name, mediaType, url } = hints;
  const head = Buffer.from(`${JSON.stringify({ name, mediaType, url })}\n`);
  const { stdout, exit } = await run(process.execPath, node, parserLimits, [head, bytes], signal);
  const answer = answerIn(stdout);
  if (answer === undefined) throw new SomnusError('too_large', `Reading the document needs more memory or time than is allowed (${exit})`, { hint: 'Split the document, or save it in a simpler format.' });
  if ('error' in answer) throw fromSerializedError(answer.error);
  return answer.document;
}

async function recognized(bytes: Uint8Array, mediaType: string, program: string, signal: AbortSignal): Promise<ReadDocument> {
  const missing = (thrown: unknown): never => {
    throw new SomnusError('unsupported', 'Reading text in images needs tesseract', { hint: 'Install it: apt install tesseract-ocr.', cause: thrown });
  };
  const { stdout, exit, found } = await run(program, ['stdin', 'stdout'], ocrLimits, [bytes], signal);
  if (!found) missing(undefined);
  if (exit !== 'exit code 0') throw new SomnusError('invalid_request', `The image cannot be read (${exit})`, { hint: 'Save it as PNG or JPEG.' });
  const content = stdout.toString('utf8').replace(/\f/g, '').trim();
  return documentOf('image', mediaType, { text: content, markdown: content, warnings: ['The text was recognized in an image and may contain errors.'] });
}

interface Ended { stdout: Buffer; exit: string; found: boolean }

async function run(program: string, args: readonly string[], limits: Limits, input: readonly Uint8Array[], signal: AbortSignal): Promise<Ended> {
  const [command, ...rest] = confined(program, args, limits);
  const child = spawn(command!, rest, { cwd: '/', env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', OMP_THREAD_LIMIT: '1' }, stdio: ['pipe', 'pipe', 'pipe'] });
  const kill = (): void => { child.kill('SIGKILL'); };
  signal.addEventListener('abort', kill, { once: true });
  try {
    child.stdin.on('error', () => {}); // it may exit without reading everything
    for (const part of input) child.stdin.write(part);
    child.stdin.end();
    const [exit, stdout, stderr] = await Promise.all([ended(child), buffer(limited(child.stdout)).catch(() => { kill(); return Buffer.alloc(0); }), text(child.stderr).catch(() => '')]);
    return { stdout, exit, found: exit !== 'exit code 127' && !/No such file or directory/.test(stderr) };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

async function ended(child: ChildProcess): Promise<string> {
  const { promise, resolve: settle, reject } = Promise.withResolvers<string>();
  child.once('error', (cause) => reject(new SomnusError('unsupported', 'The reader process could not be started', { cause })));
  child.once('close', (code, signal) => settle(signal === null ? `exit code ${code}` : `signal ${signal}`));
  return await promise;
}

async function* limited(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxAnswerBytes) throw new SomnusError('too_large', 'The text is too long');
    yield chunk;
  }
}

function answerIn(output: Buffer): { document: ReadDocument } | { error: SerializedError } | undefined {
  try {
    return JSON.parse(output.toString('utf8')) as { document: ReadDocument } | { error: SerializedError };
  } catch {
    return undefined; // it was killed before its answer was complete
  }
}
