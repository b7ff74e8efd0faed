// The shared folder of a collaboration, /somnus/shared/NAME in each member. Files go through the host: a member publishes a file, the host reads it through the member's SSH connection, keeps it by its SHA-256, and writes it to
// the other members. The host reads no guest's file system and opens nothing that a guest names: on the host, a file's name is its hash.
//
// Compare-and-set: a member replaces the version that it has. If another member has published a newer one meanwhile, the member's file is kept beside it as PATH.conflict-MEMBER. A file that a member has changed but not
// published is never overwritten: it is renamed to PATH.unpublished-N in that member.
import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { SomnusError } from '../../common/errors.ts';
import type { GuestChannel } from '../../supervisor/guest/guest-channel.ts';
import type { EnvironmentService } from '../environments/environment-service.ts';
import { BlobStore, type BlobWriter, type StoredBlob } from '../store/blob-store.ts';
import type { CollaborationBoard } from './collaboration-board.ts';
import type { Member, SharedFile } from './collaboration.ts';
import { memberCaller } from './member-jobs.ts';
import type { CollaborationRow, SqliteCollaborations } from './sqlite-collaborations.ts';
import type { SqliteSharedFiles } from './sqlite-shared-files.ts';

export interface SharedFilesDeps {
  environments: Pick<EnvironmentService, 'channel'>;
  rows: SqliteCollaborations;
  files: SqliteSharedFiles;
  board: Pick<CollaborationBoard, 'touch'>;
  /** Holds one folder per collaboration. */
  folder: string;
  now: () => Date;
}

const FILE_BYTES = 256 * 2 ** 20;
const COLLABORATION_BYTES = 2 * 2 ** 30;
const PLACE_MS = 120_000;

/** Moves the file $2 to $1. What is there now is renamed, unless its hash is $3 or $4. */
const placeScript = `
mkdir -p -- "$(dirname -- "$1")" || exit 1
if [ -e "$1" ] || [ -L "$1" ]; then
  have=$(sha256sum <"$1" 2>/dev/null) || have=
  have=\${have%% *}
  if [ "$have" != "$3" ] && [ "$have" != "$4" ]; then
    n=1
    while [ -e "$1.unpublished-$n" ]; do n=$((n + 1)); done
    mv -T -- "$1" "$1.unpublished-$n" || exit 1
  fi
fi
mv -fT -- "$2" "$1"`;

export class SharedFiles {
  readonly #deps: SharedFilesDeps;
  /** The last publication of each collaboration: they run one after the other, so that none deletes content that another is about to use. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(deps: SharedFilesDeps) {
    this.#deps = deps;
  }

  /** Reads a file from the shared folder of a member and makes it the current version, or keeps it beside the current one. Repeatable. @throws not_found; quota_exceeded when it is too large */
  async publish(collaboration: CollaborationRow, member: Member, path: string, signal?: AbortSignal): Promise<SharedFile> {
    const turn = (this.#last.get(collaboration.id) ?? Promise.resolve()).then(async () => await this.#publish(collaboration, member, path, signal));
    const settled = turn.catch(() => {}).then(() => { if (this.#last.get(collaboration.id) === settled) this.#last.delete(collaboration.id); });
    this.#last.set(collaboration.id, settled);
    return await turn;
  }

  async #publish(collaboration: CollaborationRow, member: Member, path: string, signal: AbortSignal | undefined): Promise<SharedFile> {
    const { files, board, now } = this.#deps;
    const channel = await this.#channel(collaboration, member.environmentId);
    const { content } = await channel.readFile(`${folderOf(collaboration)}/${path}`, signal);
    const store = this.#store(collaboration.id);
    const writer = await store.writer();
    let published: SharedFile;
    try {
      const { sha256, sizeBytes: bytes } = await this.#receive(collaboration.id, content, writer);
      published = files.transaction(() => {
        const current = files.get(collaboration.id, path);
        const copy = files.copy(collaboration.id, path, member.environmentId);
        const made = { sha256, bytes, member: member.name, at: now().toISOString() };
        if (current?.sha256 === sha256) {
          files.setCopy(collaboration.id, path, member.environmentId, current);
          return current;
        }
        if (current === undefined || current.version === copy?.version) return this.#put(collaboration.id, { path, version: (current?.version ?? 0) + 1, ...made }, member);
        // Its own file may be overwritten now, since its content is in the other one.
        files.setCopy(collaboration.id, path, member.environmentId, { version: copy?.version ?? 0, sha256 });
        const beside = `${path}.conflict-${member.name}`;
        const before = files.get(collaboration.id, beside);
        const kept: SharedFile = { path: beside, version: (before?.version ?? 0) + 1, ...made };
        if (before?.sha256 === sha256) return before;
        files.put(collaboration.id, kept);
        return kept;
      });
    } finally {
      await writer.release();
    }
    await store.collect((sha256) => files.uses(collaboration.id, sha256));
    board.touch();
    return published;
  }

  /** Whether a member lacks the current version of a file. */
  isStale({ id }: CollaborationRow, environmentId: string): boolean {
    return this.#deps.files.stale(id, environmentId).length > 0;
  }

  /** Writes to a member what it lacks, and creates its shared folder. Repeatable. */
  async deliver(collaboration: CollaborationRow, environmentId: string): Promise<void> {
    const { files } = this.#deps;
    const channel = await this.#channel(collaboration, environmentId);
    await run(channel, 'mkdir -p -- "$1"', [folderOf(collaboration)]);
    for (const { path, version, sha256 } of files.stale(collaboration.id, environmentId)) {
      const temporary = `${folderOf(collaboration)}/.incoming-${randomBytes(6).toString('hex')}`;
      await channel.writeFile(temporary, this.#store(collaboration.id).stream(sha256), { mode: 0o644 });
      await run(channel, placeScript, [`${folderOf(collaboration)}/${path}`, temporary, files.copy(collaboration.id, path, environmentId)?.sha256 ?? '', sha256]);
      files.setCopy(collaboration.id, path, environmentId, { version, sha256 });
    }
  }

  /** The content of the current version. @throws not_found */
  content({ id, name }: CollaborationRow, path: string): Readable {
    const file = this.#deps.files.get(id, path);
    if (file === undefined) throw new SomnusError('not_found', `${name} has no shared file ${path}`, { hint: `See \`somnus collab files ${name}\`.` });
    return this.#store(id).stream(file.sha256);
  }

  /** Deletes the content of collaborations that no longer exist. */
  async sweep(): Promise<void> {
    for (const id of await readdir(this.#deps.folder).catch(() => [])) {
      if (this.#deps.rows.get(id) === undefined) await rm(join(this.#deps.folder, id), { recursive: true, force: true });
    }
  }

  #put(collaborationId: string, file: SharedFile, { environmentId }: Member): SharedFile {
    this.#deps.files.put(collaborationId, file);
    this.#deps.files.setCopy(collaborationId, file.path, environmentId, file);
    return file;
  }

  /** @throws quota_exceeded */
  async #receive(collaborationId: string, content: Readable, writer: BlobWriter): Promise<StoredBlob> {
    const allowed = Math.min(FILE_BYTES, COLLABORATION_BYTES - this.#deps.files.totalBytes(collaborationId));
    let bytes = 0;
    for await (const chunk of content as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > allowed) throw new SomnusError('quota_exceeded', 'The file is too large to share', { hint: 'A shared file has at most 256 MiB, and all files of a collaboration together 2 GiB.' });
      await writer.write(chunk);
    }
    return await writer.finish();
  }

  #store(collaborationId: string): BlobStore {
    return new BlobStore(join(this.#deps.folder, collaborationId));
  }

  async #channel({ owner }: CollaborationRow, environmentId: string): Promise<GuestChannel> {
    return await this.#deps.environments.channel(memberCaller(owner, environmentId), environmentId);
  }
}

export function folderOf({ name }: Pick<CollaborationRow, 'name'>): string {
  return `/somnus/shared/${name}`;
}

/** @throws command_failed */
async function run(channel: GuestChannel, script: string, args: readonly string[]): Promise<void> {
  const process = await channel.exec({ command: ['/bin/sh', '-c', script, 'somnus', ...args], env: { LC_ALL: 'C' }, timeoutMs: PLACE_MS });
  process.stdin.on('error', () => {});
  process.stdin.end();
  process.stdout.resume();
  process.stderr.resume();
  const { code } = await process.exit;
  if (code !== 0) throw new SomnusError('command_failed', `A file could not be written to ${args[0]} in the VM (exit code ${code})`);
}
