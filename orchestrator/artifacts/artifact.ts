// An artifact: code or data with versions, which runs in a container of its own or in a VM. Defines its requests, its answers, and the service for the API, which artifact-manager.ts implements.
import { z } from 'zod';
import { idSchema } from '../../common/ids.ts';
import type { Caller } from '../keys/caller.ts';
import { PageQuery, type Page } from '../store/page.ts';

export const ArtifactType = z.enum(['shell', 'python', 'javascript', 'typescript', 'data']);
export type ArtifactType = z.infer<typeof ArtifactType>;

/** The maximum size of all files of a version together, and their number. */
export const VERSION_BYTES = 8 * 1_048_576;
export const VERSION_FILES = 200;

const printable = (text: string): boolean => !/\p{Cc}/u.test(text);
const Title = z.string().trim().min(1, 'must not be empty').max(120).refine(printable, 'must not contain control characters').refine((title) => title !== 'search', 'is a reserved word');
const Note = z.string().max(500).refine(printable, 'must not contain control characters');
/** A path within the artifact, the same however it is written. */
export const ArtifactPath = z.string().min(1).max(300).refine(printable, 'must not contain control characters')
  .refine((path) => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= 255), 'must be a relative path without empty parts, . and ..');

const FileContent = z.strictObject({
  path: ArtifactPath,
  content: z.string(),
  encoding: z.enum(['utf8', 'base64']).default('utf8'),
  executable: z.boolean().default(false),
});
const Files = z.array(FileContent).min(1, 'must not be empty').max(VERSION_FILES).meta({ description: `The files, at most ${VERSION_BYTES / 1_048_576} MiB together.` });
const Main = ArtifactPath.meta({ description: 'The file that a run starts. By default the only file, or the one named `main`.' });

export const CreateArtifact = z.strictObject({
  environment: z.string().min(1).max(200).meta({ description: 'Name or id of the environment that it belongs to.' }),
  title: Title,
  type: ArtifactType,
  files: Files,
  main: Main.optional(),
  note: Note.default(''),
});
export type CreateArtifact = z.infer<typeof CreateArtifact>;

export const WriteVersion = CreateArtifact.pick({ files: true, main: true, note: true });
export type WriteVersion = z.infer<typeof WriteVersion>;

export const RestoreVersion = z.strictObject({ version: z.int().min(1) });

export const StoredFile = z.strictObject({ path: z.string(), sizeBytes: z.int(), sha256: z.string(), executable: z.boolean() });
export type StoredFile = z.infer<typeof StoredFile>;

export const ArtifactVersion = z.strictObject({
  number: z.int().meta({ description: 'Counts from 1.' }),
  sha256: z.string().meta({ description: 'The hash of the paths, contents and `main`: the same content has the same hash.' }),
  files: z.array(StoredFile),
  main: z.string().nullable(),
  note: z.string(),
  restoredFrom: z.int().nullable().meta({ description: 'The version that a restore made the newest again.' }),
  createdBy: z.string().meta({ description: 'The key that wrote it.' }),
  createdAt: z.iso.datetime(),
});
export type ArtifactVersion = z.infer<typeof ArtifactVersion>;

export const Artifact = z.strictObject({
  id: idSchema('art'),
  title: z.string(),
  type: ArtifactType,
  owner: z.string(),
  environmentId: z.string().nullable().meta({ description: 'Null after its environment was purged.' }),
  sharedWith: z.array(z.string()).meta({ description: 'The ids of other environments whose keys can use and change it.' }),
  version: z.int().meta({ description: 'The newest version; also the ETag.' }),
  sha256: z.string(),
  fileCount: z.int(),
  sizeBytes: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  removedAt: z.iso.datetime().nullable(),
  purgeAt: z.iso.datetime().nullable().meta({ description: 'When a removed artifact is deleted permanently.' }),
});
export type Artifact = z.infer<typeof Artifact>;

export const ArtifactQuery = PageQuery.extend({
  environment: z.string().max(200).optional().meta({ description: 'Only artifacts of this environment, or shared with it.' }),
  type: ArtifactType.optional(),
  removed: z.enum(['exclude', 'only']).default('exclude'),
});
export type ArtifactQuery = z.infer<typeof ArtifactQuery>;

export const ArtifactDiff = z.strictObject({
  from: z.int(),
  to: z.int(),
  files: z.array(z.strictObject({
    path: z.string(),
    change: z.enum(['added', 'removed', 'changed']),
    diff: z.string().nullable().meta({ description: 'A unified diff; null for files that are not text or too large.' }),
  })),
});
export type ArtifactDiff = z.infer<typeof ArtifactDiff>;

export const ArtifactHit = z.strictObject({
  artifactId: z.string(),
  title: z.string(),
  version: z.int().nullable().meta({ description: 'The version whose files contain the words.' }),
  runId: z.string().nullable().meta({ description: 'The run whose output contains the words.' }),
  excerpt: z.string().meta({ description: 'A part of the text, with the words in [[ ]].' }),
});
export type ArtifactHit = z.infer<typeof ArtifactHit>;

export const SearchArtifacts = z.strictObject({ text: z.string().min(1).max(500), limit: z.coerce.number().int().min(1).max(100).default(20) });

/** `ref` is an id, or a title if only one artifact that the caller sees has it. Artifacts that the caller does not see are `not_found`. */
export interface ArtifactService {
  /** @throws name_taken, invalid_request, too_large, quota_exceeded; not_found for the environment */
  create(caller: Caller, request: CreateArtifact): Promise<Artifact>;
  list(caller: Caller, query: ArtifactQuery): Promise<Page<Artifact>>;
  get(caller: Caller, ref: string): Promise<Artifact>;
  /** Returns the artifact unchanged if the newest version has the same content. @throws precondition_failed naming the newest version when that is not `ifVersion` */
  write(caller: Caller, ref: string, request: WriteVersion, ifVersion?: number): Promise<Artifact>;
  versions(caller: Caller, ref: string, query: PageQuery): Promise<Page<ArtifactVersion>>;
  /** Without a number, the newest. @throws not_found */
  version(caller: Caller, ref: string, number?: number): Promise<ArtifactVersion>;
  /** The bytes of a file of a version. @throws not_found, corrupt */
  content(caller: Caller, ref: string, path: string, number?: number): Promise<Buffer>;
  /** @throws not_found */
  diff(caller: Caller, ref: string, from: number, to?: number): Promise<ArtifactDiff>;
  /** Makes an old version the newest, as a new version. @throws as `write`, not_found */
  restore(caller: Caller, ref: string, version: number, ifVersion?: number): Promise<Artifact>;
  /** @throws not_found for either; invalid_request for its own environment */
  share(caller: Caller, ref: string, environment: string): Promise<Artifact>;
  unshare(caller: Caller, ref: string, environment: string): Promise<Artifact>;
  /** With `purge`, permanently. @throws forbidden when the caller may not purge, or the artifact is only shared with its environment */
  remove(caller: Caller, ref: string, options: { purge: boolean }): Promise<Artifact | null>;
  /** @throws name_taken; invalid_state when it is not removed */
  undelete(caller: Caller, ref: string): Promise<Artifact>;
  search(caller: Caller, text: string, limit: number): Promise<ArtifactHit[]>;
}
