// Extracts the text of an attached file: with a command from memory.yaml if there is one for the media type, otherwise with the document reader.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { withDeadline } from '../../../common/deadline.ts';
import { SomnusError, toSomnusError } from '../../../common/errors.ts';
import type { DocumentReader } from '../../reading/documents/document-reader.ts';
import type { MemoryConfig } from '../memory-config.ts';

export interface FileText {
  text: string;
  mediaType: string;
  isCode: boolean;
  /** Whether its bytes are text, as far as the reader knows. */
  isText: boolean;
  /** What was left out, and why. */
  warnings: string[];
}

/** Longer texts are cut: a book has about a million characters. */
const MAX_CHARACTERS = 2_000_000;
const MAX_OUTPUT_BYTES = 16 * 2 ** 20;
/** Kinds of documents whose plain text is enough; Markdown adds headings and tables to the others. */
const PLAIN = new Set(['text', 'json', 'xml', 'table']);
const TEXTS = new Set([...PLAIN, 'markdown', 'page', 'feed', 'sitemap']);
const CODE = /^\.(?:[cm]?[jt]sx?|py|rb|rs|go|java|kt|c|h|cc|cpp|hpp|cs|swift|php|pl|lua|sh|bash|ps1|sql|r|scala|hs|ex|exs|clj|zig|dart|vue|svelte|css|scss)$/i;
const MEDIA: Readonly<Record<string, string>> = {
  '.mp3': 'audio/mpeg', '.wav': 'audio/wav', '.ogg': 'audio/ogg', '.opus': 'audio/ogg', '.m4a': 'audio/mp4', '.flac': 'audio/flac', '.mp4': 'video/mp4', '.mkv': 'video/x-matroska', '.webm': 'video/webm', '.mov': 'video/quicktime',
  '.png': 'image/png', '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.gif': 'image/gif', '.webp': 'image/webp', '.tif': 'image/tiff', '.tiff': 'image/tiff', '.bmp': 'image/bmp',
};

/** @throws SomnusError `unavailable` when too many files wait to be read. A file without readable text is not an error; it gets warnings. */
export async function textOfFile(content: () => Readable, hints: { name?: string | undefined; mediaType?: string | undefined }, config: MemoryConfig['files'], reader: DocumentReader | undefined): Promise<FileText> {
  const ending = extname(hints.name ?? '');
  const declared = hints.mediaType ?? MEDIA[ending.toLowerCase()];
  const isCode = CODE.test(ending);
  const command = config.readers.find(({ mediaType }) => declared !== undefined && matches(declared, mediaType));
  try {
    if (command !== undefined) return { ...cut(await textFromCommand(command, content())), mediaType: declared ?? 'application/octet-stream', isCode, isText: true };
    if (reader === undefined) return { text: '', mediaType: declared ?? 'application/octet-stream', isCode, isText: true, warnings: ['The text of files is not extracted here.'] };
    const document = await reader.read(content(), { name: hints.name, mediaType: hints.mediaType }, new AbortController().signal);
    const body = PLAIN.has(document.kind) ? document.text : document.markdown;
    const { text, warnings } = cut(document.title === null || body.includes(document.title) ? body : `# ${document.title}\n\n${body}`);
    return { text, mediaType: document.mediaType, isCode: isCode && document.kind === 'text', isText: TEXTS.has(document.kind), warnings: [...document.warnings, ...warnings] };
  } catch (thrown) {
    const error = toSomnusError(thrown);
    if (error.code === 'unavailable' || error.code === 'internal') throw error;
    return { text: '', mediaType: declared ?? 'application/octet-stream', isCode, isText: true, warnings: [`${error.message}.${error.hint === undefined ? '' : ` ${error.hint}`}`] };
  }
}

/** Runs a command that reads the file from its standard input and writes text. */
async function textFromCommand({ command, timeoutSeconds }: MemoryConfig['files']['readers'][number], content: Readable): Promise<string> {
  return await withDeadline('Reading the file', timeoutSeconds * 1000, undefined, async (signal) => {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...command], { stdio: ['pipe', 'pipe', 'ignore'], env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', HOME: process.env['HOME'] ?? '/' }, signal, killSignal: 'SIGKILL' });
    const closed = once(child, 'close') as Promise<[number | null]>;
    const output: Buffer[] = [];
    let bytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_OUTPUT_BYTES) child.kill('SIGKILL');
      else output.push(chunk);
    });
    const [ended] = await Promise.all([closed, pipeline(content, child.stdin).catch(() => {})]); // it may end without reading everything
    if (ended[0] !== 0) throw new SomnusError('unsupported', `The command for this media type failed (${command[0]}, exit code ${ended[0]})`, { hint: 'See files.readers in memory.yaml.' });
    return Buffer.concat(output).toString('utf8');
  });
}

function matches(mediaType: string, pattern: string): boolean {
  return pattern.endsWith('/*') ? mediaType.startsWith(pattern.slice(0, -1)) : mediaType === pattern;
}

/** Removes characters that a memory's text must not contain, and cuts the text at the limit. */
function cut(text: string): { text: string; warnings: string[] } {
  // oxlint-disable-next-line no-control-regex -- removes control characters on purpose
  const clean = text.toWellFormed().replaceAll(/[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f]/g, '').trim();
  return clean.length <= MAX_CHARACTERS ? { text: clean, warnings: [] } : { text: clean.slice(0, MAX_CHARACTERS).toWellFormed(), warnings: [`Only the first ${MAX_CHARACTERS} characters of the text can be searched.`] };
}
