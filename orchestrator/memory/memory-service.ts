// Memory, as REST calls it. Every call names its caller; `#access` turns that into the one scope that everything below takes. This file decides which
// spaces a caller may use, what is cached and which events are written (what was done, never what was said); the files beside it hold the rules.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { z } from 'zod';
import type { Logger } from '../../common/log.ts';
import type { SystemCache } from '../cache/system-cache.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Caller } from '../keys/caller.ts';
import type { SqliteIdempotency } from '../operations/sqlite-idempotency.ts';
import type { Page } from '../store/page.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { Name } from '../../common/ids.ts';
import { compact, fullness, type Compaction } from './compaction.ts';
import { consolidate, ConsolidateInput, undoConsolidation, type ConsolidationDiff } from './consolidation.ts';
import { context, ContextInput, MAIN_CONVERSATION, type Context } from './context.ts';
import { Contexts } from './contexts.ts';
import type { Embedder } from '../../common/embedding/embedder.ts';
import type { Ranking } from './retrieval/ranking.ts';
import { forget, ForgetInput, forgetIds, type Forgotten } from './forgetting.ts';
import { historyOf, type MemoryHistory } from './history.ts';
import { ChatLogFormat, readChatLog } from './importers.ts';
import { ListInput, listOf } from './listing.ts';
import type { Memory } from './memory.ts';
import type { IdleConsolidation } from './idle-consolidation.ts';
import type { MemoryConfig } from './memory-config.ts';
import { MemoryUses } from './memory-uses.ts';
import type { OpenSpace } from './open-space.ts';
import { ExportInput, exportSpace, exportToken, importSpace, importToken, type Imported } from './portability.ts';
import { rebuild, type Rebuilt, RebuildInput } from './rebuilding.ts';
import { ask, joined, recall, RecallInput, RecallSessionsInput, type RecallContext, type QueryVectors, type Recalled } from './recalling.ts';
import { remember, RememberInput, type Remembered, type WriteContext } from './remembering.ts';
import { conversationKey, conversationOf, scopeOf, sees, wholeSpace, type Narrowing, type Scope } from './scope.ts';
import { afterSnapshot, SnapshotEvent, type SnapshotOutcome } from './snapshot-policy.ts';
import { MAIN_SPACE, parsed, SpaceRef, Spaces, type SpaceStatus, type Unlock } from './spaces.ts';
import type { SqliteSnapshotNotices } from './sqlite-snapshot-notices.ts';
import type { MemoryStore, SpaceRow } from './store/memory-store.ts';
import { statsOf, type MemoryStats } from './stats.ts';
import type { SqliteKeyStore } from './store/sqlite-key-store.ts';
import { consentToTraining, exportTraining, TrainingConsent, trainingState, type TrainingState } from './training.ts';
import type { VectorIndex } from './vectors/vector-index.ts';

/** The parts of the control plane that memory uses; a benchmark has none of them. */
export interface MemoryPlane {
  cache: SystemCache;
  events: SqliteEventLog;
  idempotency: SqliteIdempotency;
  idle: IdleConsolidation;
  /** Restores and forks that memory has not applied yet. */
  notices: SqliteSnapshotNotices;
}

/** Turns of an import that are stored in one transaction, and between two checks for other work. */
const IMPORTED_AT_ONCE = 250;

export interface MemoryServiceOptions {
  store: MemoryStore;
  keys: SqliteKeyStore;
  /** Undefined: search by keywords, names and dates only. */
  embedder: Embedder | undefined;
  config: MemoryConfig;
  log: Logger;
  /** Creates a space's index on a vector server; if omitted, the embedded exact index is used. */
  vectorServer?: ((spaceId: string) => VectorIndex) | undefined;
  /** Cache of a space's question vectors. */
  queryVectors?: ((space: SpaceRow) => QueryVectors | undefined) | undefined;
  plane?: MemoryPlane | undefined;
  now?: () => number;
}

export class MemoryService {
  readonly spaces: Spaces;
  readonly #options: MemoryServiceOptions;
  readonly #now: () => number;
  readonly #uses: MemoryUses;
  readonly #contexts: Contexts;
  readonly #consolidating = new WeakSet<OpenSpace>();
  /** Keys that unlocked a private space: other agents of the same user lack its secret. */
  readonly #holders = new Map<string, Set<string>>();
  #config: MemoryConfig;

  constructor(options: MemoryServiceOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#now = options.now ?? Date.now;
    this.#uses = new MemoryUses({ store: options.store, config: () => this.#config, now: this.#now });
    this.#contexts = new Contexts(this.#now);
    const { vectorServer } = options;
    this.spaces = new Spaces(options.store, options.keys, {
      embedder: options.embedder, log: options.log, ...vectorServer === undefined ? {} : { remote: (row) => vectorServer(row.id) },
    });
  }

  /** The settings in force. */
  get config(): MemoryConfig {
    return this.#config;
  }

  /** Replaces the settings; they apply from the next call on. */
  reload(config: MemoryConfig): void {
    this.#config = config;
    this.#contexts.clear();
  }

  /** The spaces that the caller may know about. */
  status(caller: Caller): SpaceStatus[] {
    return this.spaces.status(caller.user).filter((space) => caller.environmentId === null || !space.private)
      .map((space) => ({ ...space, unlocked: space.unlocked && this.#holds(caller, space.name) }));
  }

  /** Sets up memory for a user: a space, a key wrapped by their secret, and a recovery key that is only returned here. */
  async setUp(caller: Caller, secret: string): Promise<{ recoveryKey: string }> {
    this.#used(caller);
    const made = await this.spaces.create(caller.user, MAIN_SPACE, secret);
    this.#options.plane?.notices.clear(caller.user);
    this.#note(caller, 'set_up', MAIN_SPACE);
    return made;
  }

  async createPrivateSpace(caller: Caller, name: string, secret: string): Promise<{ recoveryKey: string }> {
    this.#used(caller);
    const made = await this.spaces.create(caller.user, parsed(Name, name), secret);
    this.#hold(caller, name);
    this.#note(caller, 'space_created', name);
    return made;
  }

  async unlock(caller: Caller, credential: Unlock): Promise<void> {
    this.#used(caller);
    const space = credential.space ?? MAIN_SPACE;
    await this.spaces.unlock(caller.user, credential);
    this.expire();
    this.#hold(caller, space);
    if (space === MAIN_SPACE) this.#options.plane?.cache.warm(caller.user);
    this.#note(caller, 'unlocked', space);
    this.#followSnapshots(caller);
  }

  /** Unlocks a user's main space with a key file that the host's configuration names. */
  async unlockAtStart(user: string, fileKey: string): Promise<void> {
    await this.spaces.unlock(user, { fileKey });
    this.expire();
  }

  async lock(caller: Caller, input: SpaceRef = {}): Promise<void> {
    this.#used(caller);
    const { space } = parsed(SpaceRef, input);
    if (space === MAIN_SPACE) this.#options.plane?.cache.cool(caller.user); // writing changed entries needs the key
    this.#uses.flush();
    this.#contexts.drop(caller.user, space);
    await this.spaces.lock(caller.user, space);
    this.#holders.delete(place(caller, space));
    this.#note(caller, 'locked', space);
  }

  async changeSecret(caller: Caller, credential: Unlock, newSecret: string): Promise<void> {
    this.#used(caller);
    await this.spaces.changeSecret(caller.user, credential, newSecret);
    this.#note(caller, 'secret_changed', credential.space ?? MAIN_SPACE);
  }

  async newRecoveryKey(caller: Caller, credential: Unlock): Promise<{ recoveryKey: string }> {
    this.#used(caller);
    const made = await this.spaces.newRecoveryKey(caller.user, credential);
    this.#note(caller, 'recovery_key_changed', credential.space ?? MAIN_SPACE);
    return made;
  }

  /** Returns a key that unlocks the space on unattended hosts. */
  async newFileKey(caller: Caller, credential: Unlock): Promise<{ fileKey: string }> {
    this.#used(caller);
    const made = await this.spaces.newFileKey(caller.user, credential);
    this.#note(caller, 'key_file_changed', credential.space ?? MAIN_SPACE);
    return made;
  }

  /** Stores one memory. When this resolves, the memory is on disk and found by keywords. Compacts the conversation when its context is full. */
  async remember(caller: Caller, input: RememberInput, idempotencyKey?: string): Promise<Remembered> {
    return (await this.rememberAll(caller, [input], idempotencyKey))[0]!;
  }

  /** Stores several memories of one space, all or none. @throws SomnusError `idempotency_mismatch` */
  async rememberAll(caller: Caller, inputs: readonly RememberInput[], idempotencyKey?: string): Promise<Remembered[]> {
    const all = inputs.map((input) => parsed(RememberInput, input));
    const spaceName = all[0]?.space ?? MAIN_SPACE;
    if (all.some((input) => input.space !== spaceName)) throw new SomnusError('invalid_request', 'All memories of one call must belong to one space', { details: { field: 'space' } });
    const writeContext = this.#writing(caller, spaceName);
    const { environmentId } = writeContext.scope;
    const own = all.map((input) => ({ ...input, ...environmentId === undefined ? {} : { environmentId }, ...input.type === 'conversation' ? { conversationId: input.conversationId ?? MAIN_CONVERSATION } : {} }));
    const work = (): Remembered[] => {
      const results = remember(writeContext, own);
      for (const key of new Set(own.map((input) => input.conversationId === undefined ? undefined : conversationKey(input.conversationId, input.environmentId)))) if (key !== undefined) this.#compactWhenFull(writeContext, key);
      return results;
    };
    const { plane } = this.#options;
    // The request is kept as a keyed hash: a plain hash would let anyone verify a guess at a memory's text. A limited key's idempotency keys are its own.
    const stored = plane === undefined || idempotencyKey === undefined ? work() : await plane.idempotency.onceAsync({
      owner: caller.user, key: environmentId === undefined || !writeContext.scope.limited ? idempotencyKey : `${environmentId} ${idempotencyKey}`,
      request: { remember: writeContext.space.keys.fingerprint(JSON.stringify(inputs.map((input) => ({ ...input, ...environmentId === undefined ? {} : { environmentId } })))).toString('hex') },
    }, async () => work());
    this.#changed(caller, spaceName);
    return stored;
  }

  async recall(caller: Caller, input: RecallInput): Promise<Recalled> {
    const request = parsed(RecallInput, input);
    const recallContexts = [...new Set(request.spaces ?? [request.space])].map((space) => this.#recalling(caller, space, request));
    const answer = joined(await Promise.all(recallContexts.map((recallContext) => recall(recallContext, request))), { ...request, limit: request.limit ?? this.#config.retrieval.limit });
    for (const { space } of recallContexts) this.#uses.note(space, answer.hits.filter((hit) => hit.space === space.row.name).map((hit) => hit.memory.id));
    return answer;
  }

  /** The sessions that a question is most likely to be about, best first. */
  async recallSessions(caller: Caller, input: RecallSessionsInput): Promise<{ session: string; score: number }[]> {
    const request = parsed(RecallSessionsInput, input);
    const recallContext = this.#recalling(caller, request.space);
    const { ranking } = await ask(recallContext, request.query);
    const names = recallContext.space.index.table.sessions.values;
    return Array.from(ranking.sessions(), (score, i) => ({ session: conversationOf(names[i]!).conversationId, score })).filter(({ score }) => score > -Infinity)
      .toSorted((a, b) => b.score - a.score).slice(0, request.limit ?? this.#config.retrieval.limit);
  }

  /** Every retriever's scores for a question, by chunk and by session, for benchmarks and tuning. */
  async rank(caller: Caller, query: string, input: SpaceRef = {}): Promise<Ranking> {
    return (await ask(this.#recalling(caller, parsed(SpaceRef, input).space), query)).ranking;
  }

  /** Answers the same question the same for a minute, unless something was stored since. */
  async context(caller: Caller, input: ContextInput = {}): Promise<Context> {
    const request = parsed(ContextInput, input);
    const recallContext = this.#recalling(caller, request.space, request);
    const { scope, space } = recallContext;
    const known = this.#contexts.get(scope, request);
    if (known !== undefined) return known;
    const answer = await context(recallContext, request);
    if (space.waitingForVectors === 0) this.#contexts.put(scope, request, answer);
    this.#uses.note(space, answer.parts.filter((part) => part.name === 'recalled').flatMap((part) => part.lines.flatMap((line) => line.sources)));
    return answer;
  }

  /** @throws SomnusError `not_found` */
  get(caller: Caller, id: string, input: SpaceRef = {}): Memory {
    const { space, scope } = this.#access(caller, parsed(SpaceRef, input).space);
    return visible(space, scope, id);
  }

  /** Lists memories, newest first; superseded and merged ones appear only in histories. */
  list(caller: Caller, input: ListInput = {}): Page<Memory> {
    const request = parsed(ListInput, input);
    const { space, scope } = this.#access(caller, request.space, request);
    return listOf(space.book, scope, request, this.#now());
  }

  /** What a memory was derived from, what was derived from it, and what replaced it. */
  history(caller: Caller, id: string, input: SpaceRef = {}): MemoryHistory {
    const { space, scope } = this.#access(caller, parsed(SpaceRef, input).space);
    visible(space, scope, id);
    return historyOf(space, this.#options.store, id);
  }

  forget(caller: Caller, input: ForgetInput): Forgotten {
    const request = parsed(ForgetInput, input);
    const forgotten = forget(this.#writing(caller, request.space), request);
    this.#changed(caller, request.space);
    this.#note(caller, 'forgotten', request.space, { ...forgotten });
    return forgotten;
  }

  /** Destroys the keys and content of one space or of all, including locked ones. Backups of the data stay unreadable. Cannot be undone. */
  async shred(caller: Caller, space?: string): Promise<{ spaces: number }> {
    this.#used(caller);
    const { plane } = this.#options;
    if (space === undefined || space === MAIN_SPACE) {
      plane?.cache.forgetOwner(caller.user);
      plane?.notices.clear(caller.user);
    }
    this.#contexts.clear();
    const spaces = await this.spaces.shred(caller.user, space);
    for (const key of this.#holders.keys()) if (space === undefined ? key.startsWith(place(caller, '')) : key === place(caller, space)) this.#holders.delete(key);
    this.#note(caller, 'shredded', space ?? 'all', { spaces });
    return { spaces };
  }

  /** Returns one encrypted file with everything, or with the core self. @throws SomnusError `forbidden` for a private space */
  async export(caller: Caller, input: ExportInput): Promise<string> {
    const request = parsed(ExportInput, input);
    const file = await exportSpace(this.#writing(caller, request.space), request);
    this.#note(caller, 'exported', request.space, { core: request.core });
    return file;
  }

  /** Stores the memories of an export that this space does not have. */
  async import(caller: Caller, file: string, passphrase: string, input: SpaceRef = {}): Promise<Imported> {
    const { space } = parsed(SpaceRef, input);
    return this.#imported(caller, space, await importSpace(this.#writing(caller, space), file, passphrase));
  }

  /** Exports one memory as a Fernet token, with the key that decrypts it. */
  exportToken(caller: Caller, id: string, input: SpaceRef = {}): { token: string; key: string } {
    const { space } = parsed(SpaceRef, input);
    const made = exportToken(this.#writing(caller, space), id);
    this.#note(caller, 'exported', space, { core: false, memories: 1 });
    return made;
  }

  importToken(caller: Caller, token: string, key: string, input: SpaceRef = {}): Imported {
    const { space } = parsed(SpaceRef, input);
    return this.#imported(caller, space, importToken(this.#writing(caller, space), token, key));
  }

  /** Stores another program's chat log as turns. Repeatable: each turn is stored once, and an interrupted import continues. A line that cannot be read is reported; the others are stored. */
  async importChatLog(caller: Caller, format: ChatLogFormat, text: string, input: SpaceRef = {}): Promise<Imported> {
    const { space } = parsed(SpaceRef, input);
    const { turns, refused } = readChatLog(parsed(ChatLogFormat, format), text);
    const done: Imported = { stored: 0, duplicates: 0, forgotten: 0, refused };
    for (let at = 0; at < turns.length; at += IMPORTED_AT_ONCE) {
      const batch = turns.slice(at, at + IMPORTED_AT_ONCE);
      const results = await this.#rememberEach(caller, batch.map(({ turn }) => ({ ...turn, space })));
      results.forEach((result, i) => {
        if (result instanceof SomnusError) done.refused.push({ line: batch[i]!.line, problem: result.message });
        else if (result.outcome === 'stored') done.stored += 1;
        else done.duplicates += 1;
      });
      await nextTurn();
    }
    done.refused.sort((a, b) => a.line - b.line);
    return this.#imported(caller, space, done);
  }

  /** Runs one slice of consolidation; `dryRun` only reports what it would do. @throws SomnusError `operation_in_progress`: a space allows one at a time */
  async consolidate(caller: Caller, input: z.input<typeof ConsolidateInput> = {}): Promise<ConsolidationDiff> {
    const { space, dryRun, budget } = parsed(ConsolidateInput, input);
    const diff = await this.#consolidate(this.#writing(caller, space), { dryRun, budget: budget ?? this.#config.performance.consolidationBudget, signal: undefined });
    if (dryRun) return diff;
    this.#changed(caller, space);
    this.#note(caller, 'consolidated', space, { examined: diff.examined, merged: diff.merged.length });
    return diff;
  }

  /** The same in the background, for a user's main space. @throws SomnusError `locked`, `not_found` */
  async consolidateIdle(user: string, budget: number, signal: AbortSignal): Promise<ConsolidationDiff> {
    const diff = await this.#consolidate(this.#contextOf(this.spaces.get(user), wholeSpace(user, MAIN_SPACE)), { dryRun: false, budget, signal });
    this.#contexts.drop(user, MAIN_SPACE);
    return diff;
  }

  /** Restores the memories that the last consolidation merged. */
  undoConsolidation(caller: Caller, input: SpaceRef = {}): { restored: number } {
    const { space } = parsed(SpaceRef, input);
    const restored = undoConsolidation(this.#writing(caller, space));
    this.#changed(caller, space);
    return { restored };
  }

  /** Grants or revokes consent to use a conversation as training data. */
  consentToTraining(caller: Caller, input: TrainingConsent): TrainingState {
    const request = parsed(TrainingConsent, input);
    const state = consentToTraining(this.#writing(caller, request.space), request);
    this.#note(caller, request.granted ? 'training_consented' : 'training_revoked', request.space);
    return state;
  }

  trainingState(caller: Caller, input: SpaceRef = {}): TrainingState {
    return trainingState(this.#writing(caller, parsed(SpaceRef, input).space));
  }

  /** The conversations with consent, as JSONL. */
  exportTraining(caller: Caller, input: SpaceRef = {}): string {
    const { space } = parsed(SpaceRef, input);
    const text = exportTraining(this.#writing(caller, space));
    this.#note(caller, 'training_exported', space);
    return text;
  }

  /** Applies a rollback or fork of a VM to its environment's memories, as `session.onSnapshot` in memory.yaml says. */
  afterSnapshot(user: string, event: SnapshotEvent): SnapshotOutcome {
    return afterSnapshot(this.#contextOf(this.spaces.get(user), wholeSpace(user, MAIN_SPACE)), parsed(SnapshotEvent, event));
  }

  /** Summarizes turns older than the recent ones now. */
  compact(caller: Caller, conversationId: string = MAIN_CONVERSATION, input: SpaceRef & Narrowing = {}): Compaction {
    const { space } = parsed(SpaceRef, { space: input.space });
    const { environmentId } = input;
    const writeContext = this.#writing(caller, space, { environmentId });
    const done = compact(writeContext, conversationKey(conversationId, writeContext.scope.environmentId));
    this.#changed(caller, space);
    return done;
  }

  stats(caller: Caller, input: SpaceRef = {}): MemoryStats {
    return statsOf(this.#writing(caller, parsed(SpaceRef, input).space));
  }

  /** Counts memories of each kind for all users, including locked ones. */
  totals(): { layer: string; type: string; count: number }[] {
    return this.#options.store.totals();
  }

  /**
   * Rebuilds the index from the memories and returns how many segments differed from what they should be. `verify` checks once more
   * afterwards; `dryRun` only checks.
   */
  async rebuild(caller: Caller, input: z.input<typeof RebuildInput> = {}): Promise<Rebuilt> {
    const request = parsed(RebuildInput, input);
    const done = await rebuild(this.#access(caller, request.space).space, request);
    this.#note(caller, 'rebuilt', request.space, { ...done });
    return done;
  }

  /** Resolves when everything stored so far has its vector. */
  async settled(caller: Caller, input: SpaceRef = {}): Promise<void> {
    await this.#access(caller, parsed(SpaceRef, input).space).space.settled();
  }

  /** Removes expired memories from unlocked spaces. Locked spaces follow at their next unlock; until then answers leave expired memories out. */
  expire(): void {
    const expired = Map.groupBy(this.#options.store.expired(this.#now()), (one) => one.spaceId);
    for (const space of this.spaces.unlocked()) {
      const ids = expired.get(space.row.id)?.map((one) => one.id) ?? [];
      forgetIds(this.#contextOf(space, wholeSpace(space.row.userId, space.row.name)), ids);
    }
  }

  async close(): Promise<void> {
    this.#uses.flush();
    await this.spaces.close();
    await this.#options.embedder?.close();
    this.#options.store.close();
    this.#options.keys.close();
  }

  /** The space and scope of a call. @throws SomnusError `unauthenticated`, `not_found`, `locked` */
  #access(caller: Caller, space: string, narrowing: Narrowing = {}): { space: OpenSpace; scope: Scope } {
    this.#used(caller);
    const scope = scopeOf(caller, space, MAIN_SPACE, narrowing);
    const open = this.spaces.get(caller.user, space);
    if (!this.#holds(caller, space)) throw new SomnusError('locked', `The memory space ${space} is locked for this key`, { hint: 'Unlock it with its secret for this key too; another key has unlocked it.', details: { space } });
    if (space === MAIN_SPACE) this.#followSnapshots(caller);
    return { space: open, scope };
  }

  #writing(caller: Caller, space: string, narrowing: Narrowing = {}): WriteContext {
    const { space: open, scope } = this.#access(caller, space, narrowing);
    return this.#contextOf(open, scope);
  }

  #contextOf(space: OpenSpace, scope: Scope): WriteContext {
    return { space, scope, store: this.#options.store, config: this.#config, nowMs: this.#now() };
  }

  #recalling(caller: Caller, name: string, narrowing: Narrowing = {}): RecallContext {
    const { space, scope } = this.#access(caller, name, narrowing);
    return {
      space, scope, embedder: this.#config.embeddings.enabled ? this.#options.embedder : undefined, config: this.#config, log: this.#options.log, nowMs: this.#now(),
      queryVectors: this.#options.queryVectors?.(space.row),
    };
  }

  /** Stores what can be stored of many: if the whole is refused, each by itself. */
  async #rememberEach(caller: Caller, inputs: readonly RememberInput[]): Promise<(Remembered | SomnusError)[]> {
    try {
      return await this.rememberAll(caller, inputs);
    } catch (thrown) {
      const { code } = toSomnusError(thrown);
      if (code !== 'invalid_request' && code !== 'too_large') throw thrown;
    }
    const results: (Remembered | SomnusError)[] = [];
    for (const input of inputs) {
      try {
        results.push(await this.remember(caller, input));
      } catch (thrown) {
        const error = toSomnusError(thrown);
        if (error.code !== 'invalid_request' && error.code !== 'too_large') throw thrown;
        results.push(error);
      }
    }
    return results;
  }

  async #consolidate(writeContext: WriteContext, options: { dryRun: boolean; budget: number; signal: AbortSignal | undefined }): Promise<ConsolidationDiff> {
    const { space } = writeContext;
    if (this.#consolidating.has(space)) throw new SomnusError('operation_in_progress', `The memory space ${space.row.name} is already being consolidated`, { hint: 'Wait until it finishes, and try again.' });
    this.#consolidating.add(space);
    try {
      return await consolidate(writeContext, options);
    } finally {
      this.#consolidating.delete(space);
    }
  }

  #compactWhenFull(writeContext: WriteContext, conversation: string): void {
    const full = fullness(writeContext, conversation);
    if (full >= this.#config.session.compactNowAt) compact(writeContext, conversation);
    else if (full >= this.#config.session.compactAt) setImmediate(() => {
      if (this.spaces.unlocked().includes(writeContext.space)) compact(writeContext, conversation);
    });
  }

  /** Applies pending restores and forks before memory is read or written, including those that happened while it was locked. */
  #followSnapshots(caller: Caller): void {
    const { notices } = this.#options.plane ?? {};
    const pending = notices?.of(caller.user) ?? [];
    if (pending.length === 0 || !this.spaces.status(caller.user).some((space) => space.name === MAIN_SPACE && space.unlocked)) return;
    for (const event of pending) {
      const { hidden, shown, copied } = this.afterSnapshot(caller.user, event);
      notices?.remove(event.id);
      this.#note({ ...caller, keyId: null }, 'followed_snapshot', MAIN_SPACE, { kind: event.kind, environmentId: event.kind === 'fork' ? event.forkId : event.environmentId, hidden, shown, copied });
    }
    this.#changed(caller, MAIN_SPACE);
  }

  #used(caller: Caller): void {
    if (caller.user === '') throw new SomnusError('unauthenticated', 'Memory belongs to a user');
    this.#options.plane?.idle.noteUse();
  }

  #holds(caller: Caller, space: string): boolean {
    return space === MAIN_SPACE || this.#holders.get(place(caller, space))?.has(caller.keyId) === true;
  }

  #hold(caller: Caller, space: string): void {
    const at = place(caller, space);
    this.#holders.set(at, (this.#holders.get(at) ?? new Set()).add(caller.keyId));
  }

  #changed(caller: Caller, space: string): void {
    this.#contexts.drop(caller.user, space);
    if (space === MAIN_SPACE) this.#options.plane?.idle.noteChange(caller.user);
  }

  #imported(caller: Caller, space: string, done: Imported): Imported {
    this.#changed(caller, space);
    this.#note(caller, 'imported', space, { ...done, refused: done.refused.length });
    return done;
  }

  #note(caller: { user: string; keyId: string | null }, what: string, space: string, data: Record<string, unknown> = {}): void {
    this.#options.plane?.events.append({ type: `memory.${what}`, owner: caller.user, subject: { type: 'memory', id: caller.user, name: space }, actor: caller.keyId, data: { space, ...data } });
  }
}

/** @throws SomnusError `not_found`, the same for what does not exist and what the scope does not show */
function visible(space: OpenSpace, scope: Scope, id: string): Memory {
  const record = space.recordOf(id);
  const memory = record === undefined ? undefined : space.book.get(record);
  if (memory === undefined || !sees(scope, memory)) throw new SomnusError('not_found', `There is no memory ${id}`, { details: { id } });
  return memory;
}

function place(caller: Caller, space: string): string {
  return `${caller.user} ${space}`;
}
