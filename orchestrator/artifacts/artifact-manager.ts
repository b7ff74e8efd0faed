// Artifacts for the API: who sees them, their versions, sharing, and removal. artifact-runs.ts runs them.
import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { SomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import { runCommand } from '../../common/run-command.ts';
import type { EnvironmentService } from '../environments/environment-service.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import { assertMayPurge, type Caller } from '../keys/caller.ts';
import type { Page, PageQuery } from '../store/page.ts';
import { VERSION_BYTES, type Artifact, type ArtifactDiff, type ArtifactHit, type ArtifactQuery, type ArtifactService, type ArtifactType, type ArtifactVersion, type CreateArtifact, type StoredFile, type WriteVersion } from './artifact.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { SqliteArtifacts } from './sqlite-artifacts.ts';

export interface ArtifactManagerDeps {
  artifacts: SqliteArtifacts;
  blobs: BlobStore;
  environments: Pick<EnvironmentService, 'get'>;
  events: Pick<SqliteEventLog, 'append'>;
  /** For all contents of a user's artifacts, each counted once. */
  quotaBytes: number;
  /** Days during which a removed artifact can be undeleted. */
  removedDays: number;
  /** Trusted time, for expiry. */
  now: () => Date;
}

const DAY_MS = 86_400_000;
/** How much of a version's text can be searched. */
const INDEXED_CHARACTERS = 262_144;
/** Larger files are compared only by hash. */
const DIFF_BYTES = 1_048_576;
const DIFFERENT = 1;

interface Content { path: string; bytes: Buffer; executable: boolean }

export class ArtifactManager implements ArtifactService {
  readonly #deps: ArtifactManagerDeps;

  constructor(deps: ArtifactManagerDeps) {
    this.#deps = deps;
  }

  async create(caller: Caller, { environment: ref, title, type, ...request }: CreateArtifact): Promise<Artifact> {
    const { artifacts, blobs, environments } = this.#deps;
    const environment = await environments.get(caller, ref);
    if (environment.state === 'removed') throw new SomnusError('invalid_state', `${environment.name} is removed`, { hint: `Restore it first: \`somnus undelete ${environment.name}\`.` });
    const contents = contentsOf(request);
    const main = mainOf(contents, type, request.main);
    const id = newId('art');
    await blobs.keep(contents.map(({ bytes }) => bytes), (stored) => artifacts.transaction(() => {
      this.assertFits(environment.owner, contents.map(({ bytes }, at) => ({ sha256: stored[at]?.sha256 ?? '', sizeBytes: bytes.length })));
      artifacts.insert({ id, owner: environment.owner, environmentId: environment.id, title, type, createdAt: new Date().toISOString() });
      artifacts.addVersion(id, versionOf(1, filesOf(contents, stored), main, request.note, null, caller), indexed(title, contents));
      this.#event('created', caller, this.#get(caller, id), { version: 1 });
    }));
    return this.#get(caller, id);
  }

  async list(caller: Caller, query: ArtifactQuery): Promise<Page<Artifact>> {
    const environmentId = query.environment === undefined ? undefined : (await this.#deps.environments.get(caller, query.environment)).id;
    return this.#deps.artifacts.list(caller, query, environmentId);
  }

  async get(caller: Caller, ref: string): Promise<Artifact> {
    return this.#get(caller, ref);
  }

  async write(caller: Caller, ref: string, request: WriteVersion, ifVersion?: number): Promise<Artifact> {
    const { artifacts, blobs } = this.#deps;
    const { id, type } = this.#get(caller, ref);
    const contents = contentsOf(request);
    const main = mainOf(contents, type, request.main);
    await blobs.keep(contents.map(({ bytes }) => bytes), (stored) => artifacts.transaction(() => {
      const artifact = this.#unchanged(caller, id, ifVersion);
      const version = versionOf(artifact.version + 1, filesOf(contents, stored), main, request.note, null, caller);
      if (version.sha256 === artifact.sha256) return;
      this.assertFits(artifact.owner, version.files);
      artifacts.addVersion(id, version, indexed(artifact.title, contents));
      this.#event('changed', caller, artifact, { version: version.number });
    }));
    return this.#get(caller, id);
  }

  async versions(caller: Caller, ref: string, query: PageQuery): Promise<Page<ArtifactVersion>> {
    if (query.cursor !== undefined && !/^\d{1,15}$/.test(query.cursor)) throw new SomnusError('invalid_request', 'The cursor is not valid', { hint: 'Use the nextCursor of an earlier page.' });
    return this.#deps.artifacts.versions(this.#get(caller, ref).id, query);
  }

  async version(caller: Caller, ref: string, number?: number): Promise<ArtifactVersion> {
    return this.#version(this.#get(caller, ref), number);
  }

  async content(caller: Caller, ref: string, path: string, number?: number): Promise<Buffer> {
    const artifact = this.#get(caller, ref);
    const version = this.#version(artifact, number);
    const file = version.files.find((one) => one.path === path);
    if (file === undefined) throw new SomnusError('not_found', `Version ${version.number} of ${artifact.title} has no file ${path}`, { hint: `It has ${version.files.slice(0, 10).map((one) => one.path).join(', ')}${version.files.length > 10 ? ' …' : ''}.` });
    return await this.#deps.blobs.read(file.sha256);
  }

  async diff(caller: Caller, ref: string, from: number, to?: number): Promise<ArtifactDiff> {
    const artifact = this.#get(caller, ref);
    const [older, newer] = [this.#version(artifact, from), this.#version(artifact, to)];
    const paths = [...new Set([...older.files, ...newer.files].map(({ path }) => path))].toSorted();
    const files: ArtifactDiff['files'] = [];
    for (const path of paths) {
      const [before, after] = [older, newer].map((version) => version.files.find((file) => file.path === path));
      if (before?.sha256 === after?.sha256 && before?.executable === after?.executable) continue;
      files.push({ path, change: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed', diff: await this.#unified(path, before, after) });
    }
    return { from: older.number, to: newer.number, files };
  }

  async restore(caller: Caller, ref: string, number: number, ifVersion?: number): Promise<Artifact> {
    const { artifacts, blobs } = this.#deps;
    const { id } = this.#get(caller, ref);
    const restored = this.#version(this.#get(caller, id), number);
    const contents = await Promise.all(restored.files.map(async ({ path, sha256, executable }) => ({ path, executable, bytes: await blobs.read(sha256) })));
    artifacts.transaction(() => {
      const artifact = this.#unchanged(caller, id, ifVersion);
      if (restored.sha256 === artifact.sha256) return;
      const version = versionOf(artifact.version + 1, restored.files, restored.main, restored.note, number, caller);
      artifacts.addVersion(id, version, indexed(artifact.title, contents));
      this.#event('changed', caller, artifact, { version: version.number, restoredFrom: number });
    });
    return this.#get(caller, id);
  }

  async share(caller: Caller, ref: string, environment: string): Promise<Artifact> {
    const artifact = this.#get(caller, ref);
    const { id, name } = await this.#deps.environments.get(caller, environment);
    if (id === artifact.environmentId) throw new SomnusError('invalid_request', `${artifact.title} already belongs to ${name}`);
    this.#deps.artifacts.transaction(() => {
      this.#deps.artifacts.share(artifact.id, id);
      this.#event('shared', caller, artifact, { environmentId: id });
    });
    return this.#get(caller, artifact.id);
  }

  async unshare(caller: Caller, ref: string, environment: string): Promise<Artifact> {
    const artifact = this.#get(caller, ref);
    const { id, name } = await this.#deps.environments.get(caller, environment);
    if (!artifact.sharedWith.includes(id)) throw new SomnusError('not_found', `${artifact.title} is not shared with ${name}`);
    this.#deps.artifacts.transaction(() => {
      this.#deps.artifacts.unshare(artifact.id, id);
      this.#event('unshared', caller, artifact, { environmentId: id });
    });
    return this.#get(caller, artifact.id);
  }

  async remove(caller: Caller, ref: string, { purge }: { purge: boolean }): Promise<Artifact | null> {
    const { artifacts, removedDays, now } = this.#deps;
    if (purge) assertMayPurge(caller);
    const artifact = purge ? this.#find(caller, ref, false) ?? this.#find(caller, ref, true) ?? this.#get(caller, ref) : this.#get(caller, ref);
    if (caller.environmentId !== null && caller.environmentId !== artifact.environmentId) {
      throw new SomnusError('forbidden', `${artifact.title} is only shared with this environment`, { hint: 'Only its own environment and its owner can remove it.' });
    }
    artifacts.transaction(() => {
      if (purge) artifacts.delete(artifact.id);
      else artifacts.setRemoved(artifact, new Date().toISOString(), new Date(now().getTime() + removedDays * DAY_MS).toISOString());
      this.#event(purge ? 'purged' : 'removed', caller, artifact, {});
    });
    return purge ? null : this.#find(caller, artifact.id, true) ?? null;
  }

  async undelete(caller: Caller, ref: string): Promise<Artifact> {
    const artifact = this.#find(caller, ref, true);
    if (artifact === undefined) {
      const { title } = this.#get(caller, ref);
      throw new SomnusError('invalid_state', `${title} is not removed`, { hint: 'See `somnus artifact ls --removed`.' });
    }
    this.#deps.artifacts.transaction(() => {
      this.#deps.artifacts.setRemoved(artifact, null, null);
      this.#event('undeleted', caller, artifact, {});
    });
    return this.#get(caller, artifact.id);
  }

  async search(caller: Caller, text: string, limit: number): Promise<ArtifactHit[]> {
    return this.#deps.artifacts.search(caller, text, limit);
  }

  /** Deletes expired artifacts, and contents that nothing needs. */
  async purge(): Promise<void> {
    const { artifacts, blobs, now } = this.#deps;
    artifacts.purge(now());
    await blobs.collect((sha256) => artifacts.isNeeded(sha256));
  }

  /** Deletes everything of a user at once. */
  async removeOwnedBy(owner: string): Promise<void> {
    this.#deps.artifacts.deleteOwnedBy(owner);
    await this.purge();
  }

  /** How much the artifacts of a user can still grow. */
  freeBytes(owner: string): number {
    return this.#deps.quotaBytes - this.#deps.artifacts.usedBytes(owner);
  }

  /** @throws quota_exceeded when contents that are not stored yet exceed the owner's quota */
  assertFits(owner: string, added: readonly Pick<StoredFile, 'sha256' | 'sizeBytes'>[]): void {
    const { artifacts, quotaBytes } = this.#deps;
    const sizes = new Map(added.filter(({ sha256 }) => !artifacts.isNeeded(sha256)).map(({ sha256, sizeBytes }) => [sha256, sizeBytes]));
    const newBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    const used = artifacts.usedBytes(owner);
    if (used + newBytes <= quotaBytes) return;
    throw new SomnusError('quota_exceeded', `The artifacts of this user would have ${Math.ceil((used + newBytes) / 1_048_576)} MiB, more than their quota of ${Math.floor(quotaBytes / 1_048_576)} MiB`, {
      hint: 'Purge artifacts that are no longer needed (`somnus artifact rm --purge`), or increase artifacts.quotaMiB.', details: { usedBytes: used, quotaBytes },
    });
  }

  #find(caller: Caller, ref: string, removed: boolean): Artifact | undefined {
    const [first, second] = this.#deps.artifacts.find(caller, ref, removed);
    if (first === undefined || second === undefined || first.id === ref) return first;
    const isNearest = (caller.environmentId !== null ? first.environmentId === caller.environmentId && second.environmentId !== caller.environmentId : first.owner === caller.user && second.owner !== caller.user);
    if (isNearest || removed) return first;
    throw new SomnusError('invalid_request', `Several artifacts have the title ${JSON.stringify(first.title)}: ${first.id}, ${second.id}`, { hint: 'Use an id.' });
  }

  /** @throws not_found */
  #get(caller: Caller, ref: string): Artifact {
    const found = this.#find(caller, ref, false);
    if (found !== undefined) return found;
    const removed = this.#find(caller, ref, true);
    throw new SomnusError('not_found', removed === undefined ? `There is no artifact ${JSON.stringify(ref)}` : `The artifact ${JSON.stringify(removed.title)} is removed`, {
      hint: removed === undefined ? 'See `somnus artifact ls`.' : `Restore it with \`somnus artifact undelete ${removed.id}\`.`,
    });
  }

  /** @throws precondition_failed */
  #unchanged(caller: Caller, id: string, ifVersion: number | undefined): Artifact {
    const artifact = this.#get(caller, id);
    if (ifVersion === undefined || ifVersion === artifact.version) return artifact;
    throw new SomnusError('precondition_failed', `${artifact.title} has changed: its newest version is ${artifact.version}, not ${ifVersion}`, {
      hint: `Compare them with \`somnus artifact diff ${artifact.id} ${ifVersion} ${artifact.version}\`, and repeat the change with --if-version ${artifact.version}.`, details: { version: artifact.version },
    });
  }

  #version(artifact: Artifact, number = artifact.version): ArtifactVersion {
    const version = this.#deps.artifacts.version(artifact.id, number);
    if (version === undefined) throw new SomnusError('not_found', `${artifact.title} has no version ${number}`, { hint: `Its versions are 1 to ${artifact.version}.` });
    return version;
  }

  /** Null for what is not text. */
  async #unified(path: string, before: StoredFile | undefined, after: StoredFile | undefined): Promise<string | null> {
    const { blobs } = this.#deps;
    const given = [before, after].filter((file) => file !== undefined);
    if (given.some(({ sizeBytes }) => sizeBytes > DIFF_BYTES)) return null;
    for (const { sha256 } of given) if (!isText(await blobs.read(sha256))) return null;
    const name = (side: string, file: StoredFile | undefined): string[] => ['--label', file === undefined ? '/dev/null' : `${side}/${path}`];
    const place = (file: StoredFile | undefined): string => (file === undefined ? '/dev/null' : blobs.pathOf(file.sha256));
    return (await runCommand('diff', ['-u', ...name('a', before), ...name('b', after), '--', place(before), place(after)], { allowExit: [DIFFERENT] })).stdout;
  }

  #event(what: string, caller: Caller, { id, title, owner, environmentId }: Artifact, data: Record<string, unknown>): void {
    this.#deps.events.append({ type: `artifact.${what}`, owner, subject: environmentId === null ? { type: 'artifact', id, name: title } : { type: 'environment', id: environmentId }, actor: caller.keyId, data: { artifactId: id, title, ...data } });
  }
}

/** @throws invalid_request, too_large */
function contentsOf({ files }: Pick<WriteVersion, 'files'>): Content[] {
  const paths = files.map(({ path }) => path);
  for (const [at, path] of paths.entries()) {
    if (paths.indexOf(path) < at) throw new SomnusError('invalid_request', `The file ${path} is given twice`);
    if (paths.some((other) => other.startsWith(`${path}/`))) throw new SomnusError('invalid_request', `${path} is given both as a file and as a folder`);
  }
  const contents = files.map(({ path, content, encoding, executable }) => {
    const bytes = Buffer.from(content, encoding);
    if (encoding === 'base64' && bytes.toString('base64').replace(/=+$/, '') !== content.replace(/=+$/, '')) throw new SomnusError('invalid_request', `The content of ${path} is not base64`);
    return { path, bytes, executable };
  });
  const size = contents.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (size > VERSION_BYTES) throw new SomnusError('too_large', `The files have ${size} bytes together, more than ${VERSION_BYTES}`, { hint: 'Keep large data in the environment, and pass it to a run with --reads.' });
  return contents.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** @throws invalid_request */
function mainOf(contents: readonly Content[], type: ArtifactType, named: string | undefined): string | null {
  const [first, ...more] = contents.map(({ path }) => path);
  if (named !== undefined && named !== first && !more.includes(named)) throw new SomnusError('invalid_request', `There is no file ${named} to run`, { hint: 'The main file must be one of the files.' });
  const main = named ?? (more.length === 0 ? first : [first ?? '', ...more].find((path) => /^main(?:\.[^./]+)?$/.test(path)));
  if (main === undefined && type !== 'data') throw new SomnusError('invalid_request', 'Which of the files is run is not clear', { hint: 'Name one `main`, such as main.py, or use --main.' });
  return main ?? null;
}

function filesOf(contents: readonly Content[], stored: readonly { sha256: string }[]): StoredFile[] {
  return contents.map(({ path, bytes, executable }, at) => ({ path, sizeBytes: bytes.length, sha256: stored[at]?.sha256 ?? '', executable }));
}

function versionOf(number: number, files: StoredFile[], main: string | null, note: string, restoredFrom: number | null, caller: Caller): ArtifactVersion {
  const sha256 = createHash('sha256').update(JSON.stringify([main, files.map((file) => [file.path, file.sha256, file.executable])])).digest('hex');
  return { number, sha256, files, main, note, restoredFrom, createdBy: caller.keyId, createdAt: new Date().toISOString() };
}

function indexed(title: string, contents: readonly Content[]): string {
  return [title, ...contents.flatMap(({ path, bytes }) => [path, ...(isText(bytes) ? [bytes.toString('utf8')] : [])])].join('\n').slice(0, INDEXED_CHARACTERS);
}

function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}
