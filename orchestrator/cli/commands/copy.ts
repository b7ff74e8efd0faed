// somnus cp: copies files and folders between this host and environments, streamed.
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, lstat, mkdir, realpath, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SomnusError } from '../../../common/errors.ts';
import type { Cli } from '../command.ts';
import { fileLanding, folderLanding, parsePlace, placeText, type Kind, type Place } from '../copy/copy-place.ts';
import { exitCodes } from '../exit-codes.ts';
import { GuestFiles, type GuestFile } from '../copy/guest-files.ts';
import { writeSparse } from '../copy/sparse-file.ts';
import { TransferMeter } from '../copy/transfer-meter.ts';
import { fdSink } from '../terminal/byte-sink.ts';
import { sanitize } from '../terminal/sanitize.ts';

const chunkBytes = 1024 * 1024;

interface Copied { type: 'file' | 'directory'; sizeBytes: number; files?: number; skipped?: readonly string[]; setId?: readonly string[] }

export async function copy(cli: Cli, { places }: { places: string[] }): Promise<number> {
  const [destination, sources] = [parsePlace(places.at(-1) ?? ''), places.slice(0, -1).map(parsePlace)];
  if (sources.length === 0) throw new SomnusError('invalid_request', 'cp needs at least one SRC and a DST', { hint: 'Use `somnus cp FILE NAME:PATH` or `somnus cp NAME:PATH FILE`.' });
  const interrupted = new AbortController();
  const onInterrupt = (): void => interrupted.abort();
  process.once('SIGINT', onInterrupt);
  try {
    if (destination.where !== 'guest' && sources.some(({ where }) => where !== 'guest')) {
      throw new SomnusError('invalid_request', 'SRC or DST must be in an environment', { hint: 'Use `somnus cp FILE NAME:PATH` or `somnus cp NAME:PATH FILE`.' });
    }
    const guestOf = async ({ name }: Guest): Promise<GuestFiles> => new GuestFiles(await cli.api(), name, interrupted.signal);
    if (sources.length > 1) await assertFolder(destination, destination.where === 'guest' ? await guestOf(destination) : undefined);
    for (const source of sources) {
      const label = basename(placeText(source));
      const copied = destination.where !== 'guest' ? await copyOut(cli, await guestOf(source as Guest), source as Guest, destination, label)
        : source.where === 'guest' ? await copyBetween(cli, await guestOf(source), source, await guestOf(destination), destination, label)
          : await copyIn(cli, await guestOf(destination), source, destination, label);
      report(cli, source, destination, copied, sources.length > 1);
    }
    return exitCodes.ok;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    cli.out.warn('Interrupted; incomplete files were discarded.');
    return exitCodes.interrupted;
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

type Guest = Extract<Place, { where: 'guest' }>;
type Local = Exclude<Place, Guest>;

/** Several sources would replace each other anywhere else. */
async function assertFolder(destination: Place, guest: GuestFiles | undefined): Promise<void> {
  const kind = destination.where === 'stream' ? 'other' : guest === undefined ? await kindHere(destination.path) : (await guest.stat(destination.path)).kind;
  if (kind === 'directory') return;
  throw new SomnusError(kind === 'missing' ? 'not_found' : 'invalid_request', kind === 'missing' ? `The folder ${placeText(destination)} does not exist` : `${placeText(destination)} is not a folder`, { hint: 'Several SRC need a folder as DST.' });
}

/** Through this process: the two environments cannot reach each other. */
async function copyBetween(cli: Cli, from: GuestFiles, source: Guest, to: GuestFiles, destination: Guest, label: string): Promise<Copied & { summary: string }> {
  const [info, target] = [await existing(from, source), await to.stat(destination.path)];
  const isFolder = info.kind === 'directory';
  const path = (isFolder ? folderLanding : fileLanding)(source.path, destination.path, target.kind, 'guest');
  if (source.name === destination.name && path === source.path) throw new SomnusError('invalid_request', `${placeText(source)} cannot be copied to itself`, { hint: 'Choose another DST.' });
  using meter = new TransferMeter(cli.out, label, isFolder || info.sizeBytes === 0 ? undefined : info.sizeBytes);
  const content = await from.read(source.path, isFolder);
  await to.write(path, content, isFolder ? { archive: true, onBytes: meter.add } : { mode: info.mode, onBytes: meter.add });
  return { type: isFolder ? 'directory' : 'file', sizeBytes: meter.sentBytes, summary: meter.summary() };
}

async function existing(guest: GuestFiles, source: Guest): Promise<GuestFile> {
  const info = await guest.stat(source.path);
  if (info.kind === 'missing') throw new SomnusError('not_found', `${placeText(source)} does not exist`, { hint: `See \`somnus exec ${source.name} -- ls ${posix.dirname(source.path)}\`.` });
  return info;
}

async function copyIn(cli: Cli, guest: GuestFiles, source: Local, destination: Guest, label: string): Promise<Copied & { summary: string }> {
  const local = source.where === 'here' ? await stat(source.path) : undefined;
  const target = await guest.stat(destination.path);
  if (source.where === 'here' && local?.isDirectory()) return await sendFolder(cli, guest, source.path, destination.path, target.kind, label);
  if (source.where === 'stream' && (target.kind === 'directory' || destination.path.endsWith('/'))) {
    throw new SomnusError('invalid_request', `${destination.path} is a folder; standard input needs a file name`, { hint: 'Add a file name to the path.' });
  }
  const path = source.where === 'stream' ? destination.path : fileLanding(source.path, destination.path, target.kind, 'guest');
  // Files in /proc have no blocks and report no size: read to the end.
  const sizeBytes = local?.isFile() && local.blocks > 0 ? local.size : undefined;
  const content = source.where === 'stream' ? process.stdin : createReadStream(source.path, { highWaterMark: chunkBytes, ...(sizeBytes ? { end: sizeBytes - 1 } : {}) });
  using meter = new TransferMeter(cli.out, label, sizeBytes);
  await guest.write(path, content, {
    onBytes: meter.add, ...(sizeBytes === undefined ? {} : { sizeBytes }), ...(local?.isFile() ? { mode: local.mode & 0o7777 } : {}),
  });
  return { type: 'file', sizeBytes: meter.sentBytes, summary: meter.summary() };
}

async function sendFolder(cli: Cli, guest: GuestFiles, source: string, destination: string, targetKind: Kind, label: string): Promise<Copied & { summary: string }> {
  const { packFolder } = await import('../copy/tar-stream-pack.ts');
  const landing = folderLanding(source, destination, targetKind, 'guest');
  const merges = landing === destination && targetKind === 'directory';
  const folder = packFolder(source, merges ? '' : posix.basename(landing));
  using meter = new TransferMeter(cli.out, label, undefined);
  await guest.write(merges ? landing : posix.dirname(landing), folder.content, { archive: true, onBytes: meter.add });
  return { type: 'directory', sizeBytes: meter.sentBytes, files: folder.files(), skipped: folder.skipped(), summary: meter.summary() };
}

async function copyOut(cli: Cli, guest: GuestFiles, source: Guest, destination: Local, label: string): Promise<Copied & { summary: string }> {
  const info = await existing(guest, source);
  const isFolder = info.kind === 'directory';
  const localKind = destination.where === 'here' ? await kindHere(destination.path) : 'missing';
  // Checked before any data flows, so that a wrong target costs nothing.
  const path = destination.where === 'stream' ? undefined : (isFolder ? folderLanding : fileLanding)(source.path, destination.path, localKind, 'here');
  using meter = new TransferMeter(cli.out, label, isFolder || info.sizeBytes === 0 ? undefined : info.sizeBytes);
  const content = metered(await guest.read(source.path, isFolder), meter);
  if (path === undefined) {
    await sendToStdout(content);
    return { type: isFolder ? 'directory' : 'file', sizeBytes: meter.sentBytes, summary: meter.summary() };
  }
  if (!isFolder) {
    await receiveFile(content, path, info);
    return { type: 'file', sizeBytes: meter.sentBytes, summary: meter.summary(), setId: (info.mode & 0o6000) === 0 ? [] : [path] };
  }
  const { unpackInto } = await import('../copy/tar-stream-unpack.ts');
  if ((await kindHere(path)) === 'missing') await mkdir(path);
  const { files, skipped, setId } = await unpackInto(path, content);
  return { type: 'directory', sizeBytes: meter.sentBytes, files, skipped, setId, summary: meter.summary() };
}

/** Writes a regular file completely or not at all; writes into a device or pipe directly. */
async function receiveFile(content: Readable, path: string, info: GuestFile): Promise<void> {
  const existing = await stat(path).catch(() => undefined);
  if (existing !== undefined && !existing.isFile()) {
    await pipeline(content, createWriteStream(path));
    return;
  }
  const target = existing === undefined ? path : await realpath(path);
  const part = `${target}.${process.pid}.part`;
  try {
    await writeSparse(part, content);
    await chmod(part, info.mode);
    if (info.modified !== undefined) await utimes(part, info.modified, info.modified);
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true }).catch(() => {});
    throw namingUsersPath(error, path);
  }
}

/** The requested path, instead of the temporary one a file has until it is complete. */
function namingUsersPath(error: unknown, path: string): unknown {
  if (error instanceof Error && 'path' in error) error.path = path;
  return error;
}

async function sendToStdout(content: Readable): Promise<void> {
  const stdout = fdSink(1);
  for await (const chunk of content as AsyncIterable<Buffer>) await stdout.write(chunk);
}

function metered(content: Readable, meter: TransferMeter): Readable {
  return Readable.from((async function* count() {
    for await (const chunk of content as AsyncIterable<Buffer>) {
      meter.add(chunk.length);
      yield chunk;
    }
  })(), { objectMode: false, highWaterMark: chunkBytes });
}

async function kindHere(path: string): Promise<Kind> {
  const info = await stat(path).catch(async () => await lstat(path).catch(() => undefined));
  if (info === undefined) return 'missing';
  if (info.isDirectory()) return 'directory';
  return info.isFile() ? 'file' : 'other';
}

function report({ out }: Cli, source: Place, destination: Place, copied: Copied & { summary: string }, several: boolean): void {
  const { summary, skipped = [], setId = [], ...facts } = copied;
  for (const path of skipped) out.note(`Skipped (not a file, folder or link): ${sanitize(path)}`);
  if (setId.length > 0) out.note(`Copied with set-user-ID or set-group-ID permissions: ${setId.map(sanitize).join(', ')}`);
  const whole = { source: placeText(source), destination: placeText(destination), ...facts, ...(copied.type === 'directory' && copied.skipped !== undefined ? { skipped } : {}) };
  if (destination.where !== 'stream' && out.json && several) out.item(whole, () => '');
  else if (destination.where !== 'stream' && out.json) out.result(whole, () => '');
  else out.note(`Copied ${sanitize(basename(placeText(source)))} to ${sanitize(placeText(destination))}: ${copied.files === undefined ? '' : `${copied.files} files, `}${summary}`);
}
