// Memory for callers of the API. Decides who may use which space, what is cached and which events are written; MemoryService implements
// memory itself. Callers can only reach their own memory. A private space answers only the keys that unlocked it, because other agents of the same
// user lack its secret. A key that is limited to one environment stores and recalls only what belongs to that environment.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import type { SystemCache } from '../cache/system-cache.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Caller } from '../keys/caller.ts';
import type { SqliteIdempotency } from '../operations/sqlite-idempotency.ts';
import type { Page } from '../store/page.ts';
import type { Compaction } from './compaction.ts';
import type { ConsolidateInput, ConsolidationDiff } from './consolidation.ts';
import { Context, ContextInput } from './context.ts';
import type { Forgotten, ForgetInput } from './forgetting.ts';
import type { MemoryHistory } from './history.ts';
import type { IdleConsolidation } from './idle-consolidation.ts';
import type { ChatLogFormat } from './importers.ts';
import type { ListInput } from './listing.ts';
import type { Memory } from './memory.ts';
import { keyFileText, type MemoryLoader } from './memory-loader.ts';
import type { MemoryService } from './memory-service.ts';
import type { ExportInput, Imported } from './portability.ts';
import type { SqliteSnapshotNotices } from './sqlite-snapshot-notices.ts';
import type { Rebuilt, RebuildInput } from './rebuilding.ts';
import type { Recalled, RecallInput, RecallSessionsInput } from './recalling.ts';
import type { Remembered, RememberInput } from './remembering.ts';
import { MAIN_SPACE, SpaceStatus, type Unlock } from './spaces.ts';
import type { MemoryStats } from './stats.ts';
import type { TrainingConsent, TrainingState } from './training.ts';

export const MemoryStatus = z.strictObject({
  state: z.enum(['closed', 'opening', 'open', 'failed']),
  problem: z.string().nullable().meta({ description: 'Why memory cannot be opened.' }),
  mode: z.enum(['hybrid', 'keywords']).nullable().meta({ description: 'keywords: no embedding model is available. null until memory is open.' }),
  degraded: z.string().nullable().meta({ description: 'Why vectors are not available.' }),
  vectorIndex: z.enum(['exact', 'chroma']).nullable(),
  spaces: z.array(SpaceStatus),
});
export type MemoryStatus = z.infer<typeof MemoryStatus>;

export interface UserMemoriesOptions {
  loader: MemoryLoader;
  cache: SystemCache;
  events: SqliteEventLog;
  idempotency: SqliteIdempotency;
  idle: IdleConsolidation;
  /** Restores and forks that memory has not applied yet. */
  notices: SqliteSnapshotNotices;
}

/** Context is requested repeatedly within a turn; changes that come with time alone can wait a minute. */
const CONTEXT_TTL_MS = 60_000;

export class UserMemories {
  readonly #options: UserMemoriesOptions;
  /** Keys that unlocked a private space. */
  readonly #holders = new Map<string, Set<string>>();

  constructor(options: UserMemoriesOptions) {
    this.#options = options;
  }

  /** Also answers while memory is not open. */
  async status(caller: Caller): Promise<MemoryStatus> {
    const { loader } = this.#options;
    const { current, failure } = loader;
    return {
      state: loader.state, problem: failure?.message ?? null, mode: current === undefined ? null : current.degraded === undefined ? 'hybrid' : 'keywords',
      degraded: current?.degraded ?? null, vectorIndex: current?.vectorIndex ?? null,
      spaces: (current?.service.status(caller.user) ?? []).filter((space) => caller.environmentId === null || !space.private)
        .map((space) => ({ ...space, unlocked: space.unlocked && this.#holds(caller, space.name) })),
    };
  }

  async setUp(caller: Caller, secret: string): Promise<{ recoveryKey: string }> {
    const service = await this.#service(caller);
    const made = await service.setUp(caller.user, secret);
    this.#options.notices.clear(caller.user);
    this.#note(caller, 'set_up', MAIN_SPACE);
    return made;
  }

  async createPrivateSpace(caller: Caller, name: string, secret: string): Promise<{ recoveryKey: string }> {
    const service = await this.#service(caller);
    const made = await service.createPrivateSpace(caller.user, name, secret);
    this.#hold(caller, name);
    this.#note(caller, 'space_created', name);
    return made;
  }

  async unlock(caller: Caller, credential: Unlock): Promise<MemoryStatus> {
    const service = await this.#service(caller);
    const space = credential.space ?? MAIN_SPACE;
    await service.unlock(caller.user, credential);
    this.#hold(caller, space);
    if (space === MAIN_SPACE) this.#options.cache.warm(caller.user);
    this.#note(caller, 'unlocked', space);
    this.#followSnapshots(caller, service);
    return await this.status(caller);
  }

  async lock(caller: Caller, space: string): Promise<MemoryStatus> {
    const service = await this.#service(caller);
    if (space === MAIN_SPACE) this.#options.cache.cool(caller.user); // writing changed entries needs the key
    await service.lock(caller.user, { space });
    this.#holders.delete(place(caller, space));
    this.#note(caller, 'locked', space);
    return await this.status(caller);
  }

  async changeSecret(caller: Caller, credential: Unlock, newSecret: string): Promise<void> {
    const service = await this.#service(caller);
    await service.spaces.changeSecret(caller.user, credential, newSecret);
    this.#note(caller, 'secret_changed', credential.space ?? MAIN_SPACE);
  }

  async newRecoveryKey(caller: Caller, credential: Unlock): Promise<{ recoveryKey: string }> {
    const service = await this.#service(caller);
    const made = await service.spaces.newRecoveryKey(caller.user, credential);
    this.#note(caller, 'recovery_key_changed', credential.space ?? MAIN_SPACE);
    return made;
  }

  /** Returns the text of a key file for `memory.keyFiles` in the configuration and for `unlock`. */
  async newKeyFile(caller: Caller, credential: Unlock): Promise<{ keyFile: string }> {
    const service = await this.#service(caller);
    const space = credential.space ?? MAIN_SPACE;
    const { fileKey } = await service.spaces.newFileKey(caller.user, credential);
    this.#note(caller, 'key_file_changed', space);
    return { keyFile: keyFileText(caller.user, space, fileKey) };
  }

  /** Stores memories of one space, all or none. @throws SomnusError `idempotency_mismatch` */
  async remember(caller: Caller, inputs: readonly RememberInput[], idempotencyKey?: string): Promise<Remembered[]> {
    const space = inputs[0]?.space ?? MAIN_SPACE;
    const service = await this.#unlocked(caller, space);
    const own = caller.environmentId === null ? inputs : inputs.map((input) => ({ ...input, environmentId: caller.environmentId ?? '' }));
    // The request is kept as a keyed hash: a plain hash would let anyone verify a guess at a memory's text.
    const request = idempotencyKey === undefined ? '' : service.spaces.get(caller.user, space).keys.fingerprint(JSON.stringify(own)).toString('hex');
    const stored = await this.#options.idempotency.onceAsync({ owner: caller.user, key: idempotencyKey, request: { remember: request } }, () => service.rememberAll(caller.user, own));
    this.#changed(caller, space);
    return stored;
  }

  async recall(caller: Caller, input: RecallInput): Promise<Recalled> {
    const spaces = input.spaces ?? [input.space ?? MAIN_SPACE];
    for (const space of spaces) await this.#unlocked(caller, space);
    const service = await this.#service(caller);
    return await service.recall(caller.user, this.#limited(caller, input));
  }

  async recallSessions(caller: Caller, input: RecallSessionsInput): Promise<{ session: string; score: number }[]> {
    return await (await this.#unlocked(caller, input.space)).recallSessions(caller.user, input);
  }

  /** Answers the same question from the cache for a minute, unless something was stored since. */
  async context(caller: Caller, input: ContextInput): Promise<Context> {
    const space = input.space ?? MAIN_SPACE;
    const service = await this.#unlocked(caller, space);
    if (space !== MAIN_SPACE) return await service.context(caller.user, input); // its content is not cached, not even sealed with the key of the main space
    const { cache } = this.#options;
    const key = `context ${createHash('sha256').update(JSON.stringify(ContextInput.parse(input))).digest('hex')}`;
    const known = cache.get('SESSION', key, caller.user);
    if (known !== undefined) return Context.parse(JSON.parse(known.toString()));
    const answer = await service.context(caller.user, input);
    const waiting = service.spaces.get(caller.user, space).waitingForVectors > 0;
    if (!waiting) cache.offer('SESSION', key, Buffer.from(JSON.stringify(answer)), { owner: caller.user, ttlMs: CONTEXT_TTL_MS, priority: 'TEMPORARY', dependsOn: [dependency(caller, space)] });
    return answer;
  }

  async list(caller: Caller, input: ListInput): Promise<Page<Memory>> {
    return (await this.#unlocked(caller, input.space)).list(caller.user, input);
  }

  async get(caller: Caller, id: string, space: string): Promise<Memory> {
    return (await this.#unlocked(caller, space)).get(caller.user, id, { space });
  }

  async history(caller: Caller, id: string, space: string): Promise<MemoryHistory> {
    return (await this.#unlocked(caller, space)).history(caller.user, id, { space });
  }

  async forget(caller: Caller, input: ForgetInput): Promise<Forgotten> {
    const service = await this.#unlocked(caller, input.space);
    const forgotten = service.forget(caller.user, input);
    this.#changed(caller, input.space);
    this.#note(caller, 'forgotten', input.space ?? MAIN_SPACE, { ...forgotten });
    return forgotten;
  }

  /** Destroys the keys and content of one space or of all, including locked ones. Cannot be undone. */
  async shred(caller: Caller, space?: string): Promise<{ spaces: number }> {
    const service = await this.#service(caller);
    if (space === undefined || space === MAIN_SPACE) {
      this.#options.cache.forgetOwner(caller.user);
      this.#options.notices.clear(caller.user);
    }
    const spaces = await service.spaces.shred(caller.user, space);
    for (const key of this.#holders.keys()) if (space === undefined ? key.startsWith(place(caller, '')) : key === place(caller, space)) this.#holders.delete(key);
    this.#note(caller, 'shredded', space ?? 'all', { spaces });
    return { spaces };
  }

  async stats(caller: Caller, space: string): Promise<MemoryStats> {
    return (await this.#unlocked(caller, space)).stats(caller.user, { space });
  }

  async compact(caller: Caller, input: { space: string; conversationId?: string | undefined }): Promise<Compaction> {
    const service = await this.#unlocked(caller, input.space);
    const done = service.compact(caller.user, input.conversationId, { space: input.space });
    this.#changed(caller, input.space);
    return done;
  }

  async rebuild(caller: Caller, input: z.input<typeof RebuildInput>): Promise<Rebuilt> {
    const done = await (await this.#unlocked(caller, input.space)).rebuild(caller.user, input);
    this.#note(caller, 'rebuilt', input.space ?? MAIN_SPACE, { ...done });
    return done;
  }

  async consolidate(caller: Caller, input: z.input<typeof ConsolidateInput>): Promise<ConsolidationDiff> {
    const diff = await (await this.#unlocked(caller, input.space)).consolidate(caller.user, input);
    if (input.dryRun !== true) this.#changed(caller, input.space);
    if (input.dryRun !== true) this.#note(caller, 'consolidated', input.space ?? MAIN_SPACE, { examined: diff.examined, merged: diff.merged.length });
    return diff;
  }

  async undoConsolidation(caller: Caller, space: string): Promise<{ restored: number }> {
    const done = (await this.#unlocked(caller, space)).undoConsolidation(caller.user, { space });
    this.#changed(caller, space);
    return done;
  }

  async export(caller: Caller, input: ExportInput): Promise<string> {
    const file = await (await this.#unlocked(caller, input.space)).export(caller.user, input);
    this.#note(caller, 'exported', input.space ?? MAIN_SPACE, { core: input.core ?? false });
    return file;
  }

  async import(caller: Caller, input: { file: string; passphrase: string; space: string }): Promise<Imported> {
    const service = await this.#unlocked(caller, input.space);
    return this.#imported(caller, input.space, await service.import(caller.user, input.file, input.passphrase, { space: input.space }));
  }

  async importChatLog(caller: Caller, input: { format: ChatLogFormat; text: string; space: string }): Promise<Imported> {
    const service = await this.#unlocked(caller, input.space);
    return this.#imported(caller, input.space, await service.importChatLog(caller.user, input.format, input.text, { space: input.space }));
  }

  async exportToken(caller: Caller, id: string, space: string): Promise<{ token: string; key: string }> {
    const made = (await this.#unlocked(caller, space)).exportToken(caller.user, id, { space });
    this.#note(caller, 'exported', space, { core: false, memories: 1 });
    return made;
  }

  async importToken(caller: Caller, input: { token: string; key: string; space: string }): Promise<Imported> {
    const service = await this.#unlocked(caller, input.space);
    return this.#imported(caller, input.space, service.importToken(caller.user, input.token, input.key, { space: input.space }));
  }

  async consentToTraining(caller: Caller, input: TrainingConsent): Promise<TrainingState> {
    const state = (await this.#unlocked(caller, input.space)).consentToTraining(caller.user, input);
    this.#note(caller, input.granted ? 'training_consented' : 'training_revoked', input.space ?? MAIN_SPACE);
    return state;
  }

  async trainingState(caller: Caller, space: string): Promise<TrainingState> {
    return (await this.#unlocked(caller, space)).trainingState(caller.user, { space });
  }

  async exportTraining(caller: Caller, space: string): Promise<string> {
    const text = (await this.#unlocked(caller, space)).exportTraining(caller.user, { space });
    this.#note(caller, 'training_exported', space);
    return text;
  }

  /** Reads memory.yaml again. @throws SomnusError `config_invalid`; the old settings then stay in force */
  async reload(caller: Caller): Promise<MemoryStatus> {
    await this.#options.loader.reload();
    return await this.status(caller);
  }

  async #service(caller: Caller): Promise<MemoryService> {
    const { service } = await this.#options.loader.opened();
    if (caller.user === '') throw new SomnusError('unauthenticated', 'Memory belongs to a user');
    this.#options.idle.noteUse();
    return service;
  }

  /** Returns the service if the caller may use the space now. @throws SomnusError `not_found`, `locked` */
  async #unlocked(caller: Caller, space: string = MAIN_SPACE): Promise<MemoryService> {
    const service = await this.#service(caller);
    if (caller.environmentId !== null && space !== MAIN_SPACE) throw new SomnusError('not_found', `There is no memory space ${space}`);
    service.spaces.get(caller.user, space);
    if (!this.#holds(caller, space)) throw new SomnusError('locked', `The memory space ${space} is locked for this key`, { hint: 'Unlock it with its secret for this key too; another key has unlocked it.', details: { space } });
    if (space === MAIN_SPACE) this.#followSnapshots(caller, service);
    return service;
  }

  /** Applies pending restores and forks before memory is read or written, including those that happened while it was locked. */
  #followSnapshots(caller: Caller, service: MemoryService): void {
    const { notices } = this.#options;
    const pending = notices.of(caller.user);
    if (pending.length === 0 || !service.isUnlocked(caller.user)) return;
    for (const event of pending) {
      const { hidden, shown, copied } = service.afterSnapshot(caller.user, event);
      notices.remove(event.id);
      this.#note({ ...caller, keyId: null }, 'followed_snapshot', MAIN_SPACE, { kind: event.kind, environmentId: event.kind === 'fork' ? event.forkId : event.environmentId, hidden, shown, copied });
    }
    this.#changed(caller);
  }

  #limited(caller: Caller, input: RecallInput): RecallInput {
    return caller.environmentId === null ? input : { ...input, environmentId: caller.environmentId };
  }

  #holds(caller: Caller, space: string): boolean {
    return space === MAIN_SPACE || this.#holders.get(place(caller, space))?.has(caller.keyId) === true;
  }

  #hold(caller: Caller, space: string): void {
    const at = place(caller, space);
    this.#holders.set(at, (this.#holders.get(at) ?? new Set()).add(caller.keyId));
  }

  #changed(caller: Caller, space: string = MAIN_SPACE): void {
    this.#options.cache.invalidate(dependency(caller, space));
    if (space === MAIN_SPACE) this.#options.idle.noteChange(caller.user);
  }

  #imported(caller: Caller, space: string, done: Imported): Imported {
    this.#changed(caller, space);
    this.#note(caller, 'imported', space, { ...done });
    return done;
  }

  /** Appends an event. Events contain what was done, never what was said. */
  #note(caller: { user: string; keyId: string | null }, what: string, space: string, data: Record<string, unknown> = {}): void {
    this.#options.events.append({ type: `memory.${what}`, owner: caller.user, subject: { type: 'memory', id: caller.user, name: space }, actor: caller.keyId, data: { space, ...data } });
  }
}

function place(caller: Caller, space: string): string {
  return `${caller.user} ${space}`;
}

function dependency(caller: Caller, space: string): string {
  return `memory ${caller.user} ${space}`;
}
