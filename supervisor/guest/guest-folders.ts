// Lists, creates, moves, removes and watches files and folders in a guest, with programs that the image has: find, mkdir, mv, rm, node.
// guest-files.ts transfers their content.
import { posix } from 'node:path';
import { z } from 'zod';
import { withDeadline } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import { fileTypeOf, fileTypes } from '../domain/file-type.ts';
import { boundedText, wholeText } from './bounded-text.ts';
import type { GuestChannel, GuestProcess } from './guest-channel.ts';
import { scriptFailure, scriptRequest } from './guest-files.ts';
import { watchProgram } from './watch-program.ts';

type Exec = Pick<GuestChannel, 'exec'>;

export const GuestEntry = z.strictObject({
  name: z.string(),
  path: z.string(),
  type: z.enum(fileTypes),
  sizeBytes: z.number(),
  mode: z.string().meta({ description: 'Permissions, octal, for example 0644.' }),
  modifiedAt: z.iso.datetime(),
  target: z.string().nullable().meta({ description: 'Where a symbolic link points to; null for anything else.' }),
});
export type GuestEntry = z.infer<typeof GuestEntry>;

/** A change below a watched path. `ready` comes first, when nothing that happens from then on is missed. */
export const GuestFileEvent = z.strictObject({
  type: z.enum(['ready', 'created', 'changed', 'removed']),
  path: z.string(),
});
export type GuestFileEvent = z.infer<typeof GuestFileEvent>;

/** Six fields an entry, each ended by NUL, since names may contain anything else. */
const FORMAT = '%y\\0%s\\0%m\\0%T@\\0%l\\0%f\\0';
const FIELDS = 6;
const LIST_BYTES = 64 * 1_048_576;
const ERROR_BYTES = 64 * 1024;
/** A file system in the guest may hang; removing a large folder may take minutes. */
const SCRIPT_MS = 600_000;

const entryScript = `[ -e "$1" ] || [ -L "$1" ] || exit 40
exec find "$1" -maxdepth 0 -printf '${FORMAT}'`;

/** find ends with 1 when an entry disappears while it reads. */
const listScript = `[ -e "$1" ] || exit 40
[ -d "$1" ] || exit 44
find "$1/" -mindepth 1 -maxdepth 1 -printf '${FORMAT}' || [ $? = 1 ]`;

const makeFolderScript = `[ -d "$1" ] && exit 0
[ -e "$1" ] && exit 44
exec mkdir -p -- "$1"`;

/** $3: 1 to replace the target. */
const moveScript = `[ -e "$1" ] || [ -L "$1" ] || exit 40
if [ "$3" != 1 ] && { [ -e "$2" ] || [ -L "$2" ]; }; then exit 47; fi
[ -d "$(dirname -- "$2")" ] || exit 41
exec mv -fT -- "$1" "$2"`;

/** $2: 1 to remove a folder with its content. */
const removeScript = `[ -e "$1" ] || [ -L "$1" ] || exit 40
if [ -L "$1" ] || ! [ -d "$1" ]; then exec rm -f -- "$1"; fi
if [ "$2" = 1 ]; then exec rm -rf -- "$1"; fi
[ -z "$(ls -A -- "$1")" ] || exit 48
exec rmdir -- "$1"`;

const watchScript = `[ -e "$1" ] || exit 40
exec node -e "$3" -- "$1" "$2"`;

/** What the path itself is: a link is not followed. @throws not_found */
export async function entryAt(channel: Exec, path: string, signal?: AbortSignal): Promise<GuestEntry> {
  const [entry] = parse(await run(channel, entryScript, [plain(path)], signal), posix.dirname(plain(path)));
  if (entry === undefined) throw new SomnusError('guest_unreachable', 'The VM returned an invalid file description');
  return { ...entry, name: posix.basename(plain(path)), path: plain(path) };
}

/** Sorted by name. @throws not_found; invalid_request when it is not a folder */
export async function listFolder(channel: Exec, path: string, signal?: AbortSignal): Promise<GuestEntry[]> {
  const entries = parse(await run(channel, listScript, [plain(path)], signal), plain(path));
  return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Creates a folder and its missing parents. Repeatable. @throws invalid_request when the path is a file */
export async function makeFolder(channel: Exec, path: string, signal?: AbortSignal): Promise<GuestEntry> {
  await run(channel, makeFolderScript, [plain(path)], signal);
  return await entryAt(channel, path, signal);
}

/** @throws not_found; name_taken when the target exists and is not to be replaced; invalid_request */
export async function move(channel: Exec, from: string, to: string, options: { overwrite: boolean }, signal?: AbortSignal): Promise<GuestEntry> {
  await run(channel, moveScript, [plain(from), plain(to), options.overwrite ? '1' : ''], signal, plain(to));
  return await entryAt(channel, to, signal);
}

/** Removes a file, a link or a folder. @throws not_found; invalid_request when a folder is not empty and not to be removed with its content */
export async function remove(channel: Exec, path: string, options: { recursive: boolean }, signal?: AbortSignal): Promise<void> {
  if (plain(path) === '/') throw new SomnusError('invalid_request', 'The root folder cannot be removed');
  await run(channel, removeScript, [plain(path), options.recursive ? '1' : ''], signal);
}

/** Starts a program that prints lines of JSON, each a GuestFileEvent; it ends when the path is gone or the signal fires. @throws not_found at once */
export async function watchFiles(channel: Exec, path: string, options: { recursive: boolean }, signal: AbortSignal): Promise<GuestProcess> {
  await entryAt(channel, path, signal);
  return await channel.exec(scriptRequest(watchScript, [plain(path), options.recursive ? '1' : '', watchProgram]), signal);
}

/** Without a slash at the end, which would follow a link. */
function plain(path: string): string {
  if (!path.startsWith('/') || path.includes('\0')) throw new SomnusError('invalid_request', 'A path must be absolute and must not contain a NUL byte');
  const normal = posix.normalize(path);
  return normal === '/' ? normal : normal.replace(/\/$/, '');
}

/** `target` is what a failure names when it concerns the target rather than the first argument. */
async function run(channel: Exec, script: string, args: readonly string[], signal: AbortSignal | undefined, target?: string): Promise<string> {
  return await withDeadline('A file operation in the VM', SCRIPT_MS, signal, async (deadline) => {
    const process = await channel.exec(scriptRequest(script, args), deadline);
    process.stdin.end();
    const [stdout, stderr, { code }] = await Promise.all([wholeText(process.stdout, LIST_BYTES), boundedText(process.stderr, ERROR_BYTES), process.exit]);
    if (code !== 0) throw scriptFailure(code, (code === 47 || code === 41 ? target : undefined) ?? args[0] ?? '', stderr);
    return stdout;
  });
}

function parse(text: string, folder: string): GuestEntry[] {
  const fields = text.split('\0');
  return Array.from({ length: Math.floor(fields.length / FIELDS) }, (_, at): GuestEntry => {
    const [type = '', size = '', mode = '', modified = '', target = '', name = ''] = fields.slice(at * FIELDS, (at + 1) * FIELDS);
    return {
      name, path: posix.join(folder, name), type: fileTypeOf(type), sizeBytes: Number(size), mode: mode.padStart(4, '0'),
      modifiedAt: new Date(Math.round(Number(modified) * 1000)).toISOString(), target: type === 'l' ? target : null,
    };
  });
}
