// somnus artifact …: artifacts with their versions. artifact-runs.ts has the commands that run them.
import { isUtf8 } from 'node:buffer';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { SomnusError, toSomnusError } from '../../../common/errors.ts';
import type { Artifact, ArtifactHitPage, ArtifactPage, ArtifactType, ArtifactVersion, ArtifactVersionPage, CreateArtifact } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { page, type PageOptions } from '../paging.ts';
import { parseCount } from '../parse-values.ts';
import { fdSink } from '../terminal/byte-sink.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatBytes, formatWhen } from '../terminal/humanize.ts';
import { sanitize, sanitizeConsole } from '../terminal/sanitize.ts';
import { formatFacts, formatTable } from '../terminal/text-table.ts';

interface Target { artifact: string }
interface ContentOptions { main: string | undefined; note: string | undefined }
type Files = CreateArtifact['files'];

const typeOfExtension: Readonly<Record<string, ArtifactType>> = { '.sh': 'shell', '.bash': 'shell', '.py': 'python', '.js': 'javascript', '.mjs': 'javascript', '.cjs': 'javascript', '.ts': 'typescript', '.mts': 'typescript' };
const stdinName: Readonly<Record<ArtifactType, string>> = { shell: 'main.sh', python: 'main.py', javascript: 'main.js', typescript: 'main.ts', data: 'data' };
/** As the API allows. */
const MOST_FILES = 200;

export async function createArtifact(cli: Cli, args: { name: string; title: string; files: string[] }, options: ContentOptions & { type: ArtifactType | undefined }): Promise<void> {
  const { main, note } = options;
  const files = await readFiles(args.files, options.type ?? 'data');
  const type = options.type ?? typeOf(main ?? files.find(({ path }) => /^main\.[^./]+$/.test(path))?.path ?? (files.length === 1 ? files[0]?.path : undefined) ?? '');
  const api = await cli.api();
  const artifact = await api.call('post', '/v1/artifacts', { body: { environment: args.name, title: args.title, type, files, main, note } });
  cli.out.result(artifact, () => (cli.out.quiet ? artifact.id : `Created ${sanitize(artifact.title)} (${artifact.id}), ${artifact.type}, ${countOf(artifact)}.`));
}

export async function updateArtifact(cli: Cli, args: Target & { files: string[] }, { main, note, ifVersion }: ContentOptions & { ifVersion: number | undefined }): Promise<void> {
  const api = await cli.api();
  const before = await api.call('get', '/v1/artifacts/{artifact}', { path: args });
  const path = { artifact: before.id };
  const artifact = await api.call('post', '/v1/artifacts/{artifact}/versions', { path, body: { files: await readFiles(args.files, before.type), main, note }, headers: ifMatch(ifVersion) });
  cli.out.result(artifact, () => (cli.out.quiet ? String(artifact.version) : artifact.version === before.version ? `${sanitize(artifact.title)} already has this content; its newest version is ${artifact.version}.` : `${sanitize(artifact.title)} is at version ${artifact.version}.`));
}

export async function listArtifacts(cli: Cli, _args: object, options: PageOptions & { in: string | undefined; type: ArtifactType | undefined; removed: boolean }): Promise<void> {
  const artifacts: ArtifactPage = await page(cli, '/v1/artifacts', { query: { environment: options.in, type: options.type, removed: options.removed ? 'only' : undefined } }, options);
  cli.out.list(artifacts, {
    columns: [{ title: 'TITLE' }, { title: 'TYPE' }, { title: 'VERSION', align: 'right' }, { title: 'FILES', align: 'right' }, { title: 'SIZE', align: 'right' }, { title: 'CHANGED' }, { title: 'ID' }],
    row: (each: Artifact) => [sanitize(each.title), each.type, String(each.version), String(each.fileCount), formatBytes(each.sizeBytes), formatWhen(each.updatedAt), each.id],
    name: ({ id }) => id,
    none: options.removed ? 'No removed artifacts.' : 'No artifacts. Create one with `somnus artifact create NAME TITLE FILE`.',
  });
}

export async function showArtifact(cli: Cli, args: Target, { version }: { version: number | undefined }): Promise<void> {
  const api = await cli.api();
  const artifact = await api.call('get', '/v1/artifacts/{artifact}', { path: args });
  const shown: ArtifactVersion = await api.call('get', '/v1/artifacts/{artifact}/versions/{version}', { path: { artifact: artifact.id, version: version ?? artifact.version } });
  cli.out.result({ ...artifact, shown }, () => [
    formatFacts([
      ['title', sanitize(artifact.title)], ['id', artifact.id], ['type', artifact.type], ['environment', artifact.environmentId ?? '-'], ['shared with', artifact.sharedWith.join(', ') || '-'],
      ['version', shown.number === artifact.version ? `${shown.number}` : `${shown.number} (the newest is ${artifact.version})`], ['sha256', shown.sha256], ['runs', sanitize(shown.main ?? '-')], ['note', sanitize(shown.note) || '-'], ['written', `${formatWhen(shown.createdAt)} by ${shown.createdBy}`],
    ]),
    '',
    formatTable([{ title: 'FILE' }, { title: 'SIZE', align: 'right' }, { title: 'SHA256' }], shown.files.map(({ path, sizeBytes, sha256 }) => [sanitize(path), formatBytes(sizeBytes), sha256.slice(0, 16)])),
  ].join('\n'));
}

export async function printFile(cli: Cli, args: Target & { path: string[] }, { version }: { version: number | undefined }): Promise<void> {
  const [named, ...more] = args.path;
  if (more.length > 0) throw new SomnusError('invalid_request', `Only one PATH can be given, not ${args.path.length}`);
  const api = await cli.api();
  const artifact = await api.call('get', '/v1/artifacts/{artifact}', { path: args });
  const at = { artifact: artifact.id, version: version ?? artifact.version };
  const shown: ArtifactVersion = await api.call('get', '/v1/artifacts/{artifact}/versions/{version}', { path: at });
  const path = named ?? shown.main;
  if (path === null) throw new SomnusError('invalid_request', `${artifact.title} has no main file`, { hint: `Name one of its files: ${shown.files.slice(0, 10).map((file) => file.path).join(', ')}` });
  const content = await buffer(await api.open('get', '/v1/artifacts/{artifact}/versions/{version}/content', { path: at, query: { path } }));
  if (cli.out.json) cli.out.result({ path, ...encoded(content) }, () => '');
  else await fdSink(1).write(content);
}

export async function listVersions(cli: Cli, args: Target, options: PageOptions): Promise<void> {
  const versions: ArtifactVersionPage = await page(cli, '/v1/artifacts/{artifact}/versions', { path: args }, options);
  cli.out.list(versions, {
    columns: [{ title: 'VERSION', align: 'right' }, { title: 'WRITTEN' }, { title: 'BY' }, { title: 'FILES', align: 'right' }, { title: 'SHA256' }, { title: 'NOTE' }],
    row: ({ number, createdAt, createdBy, files, sha256, note, restoredFrom }: ArtifactVersion) => [String(number), formatWhen(createdAt), createdBy, String(files.length), sha256.slice(0, 16), `${restoredFrom === null ? '' : `restored from ${restoredFrom} `}${sanitize(note)}`.trim()],
    name: ({ number }) => String(number),
    none: 'No versions.',
  });
}

export async function diffVersions(cli: Cli, args: Target & { versions: string[] }): Promise<void> {
  const [from = 1, to, ...more] = args.versions.map((typed) => parseCount(typed, 1));
  if (more.length > 0) throw new SomnusError('invalid_request', `At most two versions can be compared, not ${args.versions.length}`);
  const diff = await (await cli.api()).call('get', '/v1/artifacts/{artifact}/versions/{version}/diff', { path: { artifact: args.artifact, version: from }, query: { to } });
  cli.out.result(diff, () => (diff.files.length === 0 ? `Versions ${diff.from} and ${diff.to} have the same files.`
    : diff.files.map(({ path, change, diff: text }) => (text === null || text === '' ? `${change}: ${sanitize(path)}` : `${change}: ${sanitize(path)}\n${sanitizeConsole(text).trimEnd()}`)).join('\n')));
}

export async function restoreVersion(cli: Cli, args: Target & { version: string }, { ifVersion }: { ifVersion: number | undefined }): Promise<void> {
  const version = parseCount(args.version, 1);
  const artifact = await (await cli.api()).call('post', '/v1/artifacts/{artifact}/restore', { path: { artifact: args.artifact }, body: { version }, headers: ifMatch(ifVersion) });
  cli.out.result(artifact, () => `The newest version of ${sanitize(artifact.title)} is ${artifact.version}, with the content of version ${version}.`);
}

export async function shareArtifact(cli: Cli, args: Target, options: { with: string | undefined }): Promise<void> {
  await changeSharing(cli, 'put', args, options.with);
}

export async function unshareArtifact(cli: Cli, args: Target, options: { with: string | undefined }): Promise<void> {
  await changeSharing(cli, 'delete', args, options.with);
}

async function changeSharing(cli: Cli, method: 'put' | 'delete', { artifact: ref }: Target, environment: string | undefined): Promise<void> {
  if (environment === undefined) throw new SomnusError('invalid_request', 'The other environment is missing', { hint: 'Name it: `--with NAME`.' });
  const api = await cli.api();
  const path = { artifact: ref, environment };
  const artifact: Artifact = method === 'put' ? await api.call('put', '/v1/artifacts/{artifact}/shares/{environment}', { path }) : await api.call('delete', '/v1/artifacts/{artifact}/shares/{environment}', { path });
  cli.out.result(artifact, () => `${sanitize(artifact.title)} is ${method === 'put' ? '' : 'no longer '}shared with ${sanitize(environment)}.`);
}

export async function searchArtifacts(cli: Cli, { words }: { words: string[] }, { limit }: { limit: number | undefined }): Promise<void> {
  const hits: ArtifactHitPage = await (await cli.api()).call('get', '/v1/artifacts/search', { query: { text: words.join(' '), limit } });
  cli.out.list(hits, {
    columns: [{ title: 'TITLE' }, { title: 'WHERE' }, { title: 'TEXT' }],
    row: ({ title, version, runId, excerpt }) => [sanitize(title), runId ?? `version ${version}`, sanitize(excerpt.replaceAll(/\s+/g, ' '))],
    name: ({ artifactId }) => artifactId,
    none: 'Nothing found.',
  });
}

export async function removeArtifacts(cli: Cli, { artifacts }: { artifacts: string[] }, { purge, yes }: { purge: boolean; yes: boolean }): Promise<number> {
  if (purge) await confirm(`Purge ${artifacts.map(sanitize).join(', ')} with all versions and runs?`, yes);
  const api = await cli.api();
  let code = 0;
  for (const artifact of artifacts) {
    try {
      const removed: Artifact | undefined = await api.call('delete', '/v1/artifacts/{artifact}', { path: { artifact }, query: purge ? { purge: true } : {} });
      if (cli.out.json) cli.out.item(removed ?? { title: artifact, purged: true }, () => '');
      else cli.out.line(cli.out.quiet ? artifact : removed === undefined ? `${sanitize(artifact)} is purged.` : `${sanitize(artifact)} is removed; \`somnus artifact undelete ${removed.id}\` restores it until ${formatWhen(removed.purgeAt)}.`);
    } catch (thrown) {
      const error = toSomnusError(thrown);
      cli.out.failure(error, artifact);
      code = exitCodeOf[error.code];
    }
  }
  return code;
}

export async function undeleteArtifact(cli: Cli, args: Target): Promise<void> {
  const artifact = await (await cli.api()).call('post', '/v1/artifacts/{artifact}/undelete', { path: args });
  cli.out.result(artifact, () => `${sanitize(artifact.title)} is restored.`);
}

function ifMatch(version: number | undefined): Record<string, string> {
  return version === undefined ? {} : { 'if-match': `"${version}"` };
}

function countOf({ fileCount, sizeBytes }: Artifact): string {
  return `${fileCount} file${fileCount === 1 ? '' : 's'}, ${formatBytes(sizeBytes)}`;
}

function typeOf(path: string): ArtifactType {
  return typeOfExtension[extname(path)] ?? 'data';
}

/** @throws not_found, invalid_request, too_large */
async function readFiles(places: readonly string[], type: ArtifactType): Promise<Files> {
  if (places.length === 0 || (places.length === 1 && places[0] === '-')) return [{ path: stdinName[type], ...encoded(await buffer(process.stdin)) }];
  const found: { path: string; file: string }[] = [];
  for (const place of places) {
    const info = await stat(place).catch((cause: unknown) => { throw new SomnusError('not_found', `${place} cannot be read: ${(cause as Error).message}`, { cause }); });
    if (!info.isDirectory()) found.push({ path: basename(place), file: place });
    else if (places.length > 1) throw new SomnusError('invalid_request', `${place} is a folder; only one folder can be given, and no other file with it`);
    else for (const entry of await readdir(place, { recursive: true, withFileTypes: true })) if (entry.isFile()) found.push({ path: join(entry.parentPath, entry.name).slice(join(place, '/').length), file: join(entry.parentPath, entry.name) });
  }
  if (found.length > MOST_FILES) throw new SomnusError('too_large', `${found.length} files are more than the ${MOST_FILES} of an artifact`);
  return await Promise.all(found.map(async ({ path, file }) => ({ path, ...encoded(await readFile(file)), executable: ((await stat(file)).mode & 0o100) !== 0 })));
}

function encoded(bytes: Buffer): { content: string; encoding: 'utf8' | 'base64' } {
  return isUtf8(bytes) ? { content: bytes.toString('utf8'), encoding: 'utf8' } : { content: bytes.toString('base64'), encoding: 'base64' };
}
