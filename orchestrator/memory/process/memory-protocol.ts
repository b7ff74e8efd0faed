// The messages between the control plane and the process that holds memory, in both directions. Messages are structured clones, so vectors and dates need no conversion.
import type { SerializedError } from '../../../common/errors.ts';
import type { NewEvent } from '../../events/event.ts';
import type { IdempotentRequest } from '../../operations/sqlite-idempotency.ts';
import type { BackupInput } from '../backup.ts';
import type { MemoryFiles } from '../files/memory-files.ts';
import type { MemoryConfig } from '../memory-config.ts';
import type { MemoryService } from '../memory-service.ts';
import type { SnapshotEvent } from '../snapshot-policy.ts';

/** The calls that are passed on. */
export const memoryCalls = [
  'status', 'setUp', 'createPrivateSpace', 'unlock', 'unlockAtStart', 'lock', 'changeSecret', 'newRecoveryKey', 'newFileKey', 'remember', 'rememberAll', 'recall', 'recallSessions', 'context',
  'get', 'list', 'history', 'update', 'forget', 'shred', 'export', 'import', 'exportToken', 'importToken', 'importChatLog', 'consolidate', 'undoConsolidation', 'consentToTraining', 'trainingState', 'exportTraining',
  'compact', 'stats', 'rebuild', 'settled', 'figures', 'embed',
] as const satisfies (keyof MemoryService)[];
/** The calls that `MemoryService.files` answers. */
export const fileCalls = ['beginFile', 'addToFile', 'rememberFile', 'dropFile', 'file', 'filePart'] as const satisfies (keyof MemoryFiles)[];
type FileCall = (typeof fileCalls)[number];
export type MemoryCall = (typeof memoryCalls)[number] | FileCall;

type Later<F> = F extends (...args: infer A) => infer R ? (...args: A) => Awaited<R> | Promise<Awaited<R>> : never;
/** The service as its callers see it, in this process or another. */
export type MemoryCalls = { [name in (typeof memoryCalls)[number]]: Later<MemoryService[name]> } & { files: { [name in FileCall]: Later<MemoryFiles[name]> } };

export interface ProcessOptions { dataDir: string; keysDir: string; formerKeysDir: string; embeddingDir: string | undefined; configFile: string; logLevel: string }
export interface Opened { degraded: string | undefined; vectorIndex: MemoryConfig['retrieval']['vectorIndex'] }

export type ToMemory =
  | { kind: 'open'; options: ProcessOptions }
  /** `notices` are notices of the caller that memory has not confirmed yet. */
  | { kind: 'call'; id: number; name: MemoryCall; args: unknown[]; notices: SnapshotEvent[] }
  | { kind: 'reload'; id: number }
  | { kind: 'backUp'; id: number; input: BackupInput }
  | { kind: 'answer'; id: number; answer: unknown }
  | { kind: 'refusal'; id: number; error: SerializedError }
  | { kind: 'close' };

/** A question to the control plane, which replies with `answer` or `refusal`. */
export type Ask =
  /** The answer is `{ begin: true }`, after which `onceDone` must follow, or `{ kept }`. */
  | { what: 'once'; request: IdempotentRequest }
  | { what: 'vector'; user: string; model: string; text: string };

export type FromMemory =
  | ({ kind: 'opened' } & Opened)
  | { kind: 'notOpened'; error: SerializedError }
  | { kind: 'done'; id: number; result: unknown }
  | { kind: 'refused'; id: number; error: SerializedError }
  | { kind: 'ask'; id: number; ask: Ask }
  | { kind: 'onceDone'; id: number; outcome: { result: unknown } | { error: SerializedError } }
  | { kind: 'event'; event: NewEvent }
  | { kind: 'noticeApplied'; id: string }
  | { kind: 'noticesCleared'; owner: string }
  | { kind: 'cacheUnlocked'; user: string; key: Buffer }
  | { kind: 'cacheLocked' | 'cacheDestroyed'; user: string }
  | { kind: 'vector'; user: string; model: string; text: string; vector: Float32Array };
