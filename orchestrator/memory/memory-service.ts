// Memory, as REST calls it. Every call names its caller; `MemoryAccess` converts that to a scope, and the files beside this one contain
// the rules. This file joins them: one method for each call.
import type { z } from 'zod';
import type { Logger } from '../../common/log.ts';
import type { Caller } from '../keys/caller.ts';
import type { DocumentReader } from '../reading/documents/document-reader.ts';
import type { Page } from '../store/page.ts';
import { SomnusError } from '../../common/errors.ts';
import { Name } from '../../common/ids.ts';
import { compact, fullness, type Compaction } from './compaction.ts';
import { consolidate, ConsolidateInput, undoConsolidation, type ConsolidationDiff } from './consolidation.ts';
import { context, ContextInput, MAIN_CONVERSATION, type Context } from './context.ts';
import type { EmbedPriority, Embedder } from '../../common/embedding/embedder.ts';
import type { Ranking } from './retrieval/ranking.ts';
import { forget, ForgetInput, forgetIds, type Forgotten } from './forgetting.ts';
import { historyOf, type MemoryHistory } from './history.ts';
import { ChatLogFormat } from './importers.ts';
import { importChatLog } from './importing.ts';
import { ListInput, listOf } from './listing.ts';
import type { Memory } from './memory.ts';
import { MemoryAccess, visible } from './memory-access.ts';
import { MemoryFiles } from './files/memory-files.ts';
import { timeZoneOf, type MemoryConfig } from './memory-config.ts';
import { ModelFacts } from './model-facts.ts';
import type { MemoryPlane } from './memory-plane.ts';
import { MemoryUses } from './memory-uses.ts';
import type { OpenSpace } from './open-space.ts';
import { ExportInput, exportSpace, exportToken, importSpace, importToken, type Imported } from './portability.ts';
import { rebuild, type Rebuilt, RebuildInput } from './rebuilding.ts';
import { ask, joined, recall, RecallInput, RecallSessionsInput, type QueryVectors, type Recalled } from './recalling.ts';
import { remember, RememberInput, type Remembered, type ToRemember, type WriteContext } from './remembering.ts';
import { conversationKey, conversationOf, wholeSpace, type Narrowing } from './scope.ts';
import { SnapshotEvent, type SnapshotOutcome } from './snapshot-policy.ts';
import { MAIN_SPACE, parsed, SpaceRef, Spaces, type SpaceStatus, type Unlock } from './spaces.ts';
import type { MemoryStore, SpaceRow } from './store/memory-store.ts';
import { statsOf, type MemoryStats } from './stats.ts';
import type { SqliteKeyStore } from './store/sqlite-key-store.ts';
import { consentToTraining, exportTraining, TrainingConsent, trainingState, type TrainingState } from './training.ts';
import { update, UpdateInput } from './updating.ts';
import { recallByVector } from './vector-recalling.ts';
import type { VectorIndex } from './vectors/vector-index.ts';

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
  /** Extracts the text of files. */
  reader?: DocumentReader | undefined;
  now?: () => number;
}

export class MemoryService {
  readonly spaces: Spaces;
  readonly files: MemoryFiles;
  readonly #options: MemoryServiceOptions;
  readonly #now: () => number;
  readonly #uses: MemoryUses;
  readonly #access: MemoryAccess;
  readonly #modelFacts: ModelFacts;
  readonly #consolidating = new WeakSet<OpenSpace>();
  #config: MemoryConfig;

  constructor(options: MemoryServiceOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#now = options.now ?? Date.now;
    this.#uses = new MemoryUses({ store: options.store, config: () => this.#config, now: this.#now });
    const { vectorServer, store, embedder, log, plane, queryVectors } = options;
    this.spaces = new Spaces(options.store, options.keys, {
      embedder, log, timeZone: () => timeZoneOf(this.#config), budgetBytes: () => this.#config.performance.memoryBudgetMiB * 2 ** 20, now: this.#now, ...vectorServer === undefined ? {} : { remote: (row) => vectorServer(row.id) },
    });
    this.#access = new MemoryAccess({ spaces: this.spaces, store, embedder, config: () => this.#config, queryVectors, plane, log, now: this.#now });
    this.files = new MemoryFiles({ access: this.#access, store, reader: options.reader, remember: (caller, input) => this.#rememberFile(caller, input), now: this.#now });
    this.#modelFacts = new ModelFacts({ config: () => this.#config, writing: (user, space) => this.#unlockedContext(user, space), log });
  }

  /** The settings in force. */
  get config(): MemoryConfig {
    return this.#config;
  }

  /** Replaces the settings; they apply from the next call on. */
  reload(config: MemoryConfig): void {
    this.#config = config;
    this.#access.contexts.clear();
  }

  /** The spaces that the caller may know about. */
  status(caller: Caller): SpaceStatus[] {
    return this.spaces.status(caller.user).filter((space) => caller.environmentId === null || !space.private)
      .map((space) => ({ ...space, unlocked: space.unlocked && this.#access.holds(caller, space.name) }));
  }

  /** Sets up memory for a user: a space, a key wrapped by their secret, and a recovery key that is only returned here. */
  async setUp(caller: Caller, secret: string): Promise<{ recoveryKey: string }> {
    this.#access.noteUse(caller);
    const made = await this.spaces.create(caller.user, MAIN_SPACE, secret);
    this.#cacheUnlocked(caller.user);
    this.#options.plane?.notices.clear(caller.user);
    this.#access.note(caller, 'set_up', MAIN_SPACE);
    return made;
  }

  async createPrivateSpace(caller: Caller, name: string, secret: string): Promise<{ recoveryKey: string }> {
    this.#access.noteUse(caller);
    const made = await this.spaces.create(caller.user, parsed(Name, name), secret);
    this.#access.hold(caller, name);
    this.#access.note(caller, 'space_created', name);
    return made;
  }

  async unlock(caller: Caller, credential: Unlock): Promise<void> {
    this.#access.noteUse(caller);
    const space = credential.space ?? MAIN_SPACE;
    await this.spaces.unlock(caller.user, credential);
    this.expire();
    this.#access.hold(caller, space);
    if (space === MAIN_SPACE) this.#cacheUnlocked(caller.user);
    this.#access.note(caller, 'unlocked', space);
    this.#access.followSnapshots(caller);
  }

  /** Unlocks a user's main space with a key file that the host's configuration names. */
  async unlockAtStart(user: string, fileKey: string): Promise<void> {
    await this.spaces.unlock(user, { fileKey });
    this.#cacheUnlocked(user);
    this.expire();
  }

  async lock(caller: Caller, input: SpaceRef = {}): Promise<void> {
    this.#access.noteUse(caller);
    const { space } = parsed(SpaceRef, input);
    await this.#lock(caller, space);
    this.#access.note(caller, 'locked', space);
  }

  /** Locks spaces that have been idle for the time in memory.yaml, and drops content of others to stay within the RAM budget. */
  async lockIdle(): Promise<void> {
    const { lockAfterIdleMinutes, lockPrivateAfterIdleMinutes } = this.#config.privacy;
    for (const { row, usedAtMs } of this.spaces.unlocked()) {
      const minutes = row.private ? lockPrivateAfterIdleMinutes : lockAfterIdleMinutes;
      if (minutes === 0 || this.#now() - usedAtMs < minutes * 60_000) continue;
      await this.#lock({ user: row.userId }, row.name);
      this.#access.note({ user: row.userId, keyId: null }, 'locked', row.name, { idle: true });
    }
    this.spaces.keepToBudget();
  }

  async changeSecret(caller: Caller, credential: Unlock, newSecret: string): Promise<void> {
    this.#access.noteUse(caller);
    await this.spaces.changeSecret(caller.user, credential, newSecret);
    this.#access.note(caller, 'secret_changed', credential.space ?? MAIN_SPACE);
  }

  async newRecoveryKey(caller: Caller, credential: Unlock): Promise<{ recoveryKey: string }> {
    this.#access.noteUse(caller);
    const made = await this.spaces.newRecoveryKey(caller.user, credential);
    this.#access.note(caller, 'recovery_key_changed', credential.space ?? MAIN_SPACE);
    return made;
  }

  /** Returns a key that unlocks the space on unattended hosts. */
  async newFileKey(caller: Caller, credential: Unlock): Promise<{ fileKey: string }> {
    this.#access.noteUse(caller);
    const made = await this.spaces.newFileKey(caller.user, credential);
    this.#access.note(caller, 'key_file_changed', credential.space ?? MAIN_SPACE);
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
    const writeContext = this.#access.writing(caller, spaceName);
    const { environmentId } = writeContext.scope;
    const work = (): Remembered[] => this.#write(writeContext, all);
    const { plane } = this.#options;
    // The request is kept as a keyed hash: a plain hash would let anyone verify a guess at a memory's text. A limited key's idempotency keys are its own.
    const stored = plane === undefined || idempotencyKey === undefined ? work() : await plane.idempotency.onceAsync({
      owner: caller.user, key: environmentId === undefined || !writeContext.scope.limited ? idempotencyKey : `${environmentId} ${idempotencyKey}`,
      request: { remember: writeContext.space.keys.fingerprint(JSON.stringify(inputs.map((input) => ({ ...input, ...environmentId === undefined ? {} : { environmentId } })))).toString('hex') },
    }, async () => work());
    this.#noteStored(caller, spaceName, stored);
    return stored;
  }

  async recall(caller: Caller, input: RecallInput): Promise<Recalled> {
    const request = parsed(RecallInput, input);
    const recallContexts = [...new Set(request.spaces ?? [request.space])].map((space) => this.#access.recalling(caller, space, request));
    const { query, vector } = request;
    const limit = request.limit ?? this.#config.retrieval.limit;
    const answer = vector === undefined
      ? joined(await Promise.all(recallContexts.map((recallContext) => recall(recallContext, { ...request, query: query ?? '' }))), { ...request, limit })
      : await recallByVector(recallContexts, { ...request, vector }, limit);
    for (const { space } of recallContexts) {
      const memories = answer.hits.filter((hit) => hit.space === space.row.name).map((hit) => hit.memory);
      this.#uses.note(space, memories.map(({ id }) => id));
      space.returnedTexts.note(space.keys, memories.map(({ text }) => text), this.#now());
    }
    return answer;
  }

  /** The sessions that a question is most likely to be about, best first. */
  async recallSessions(caller: Caller, input: RecallSessionsInput): Promise<{ session: string; score: number }[]> {
    const request = parsed(RecallSessionsInput, input);
    const recallContext = this.#access.recalling(caller, request.space);
    using ranking = (await ask(recallContext, request.query)).ranking;
    const names = recallContext.space.index.table.sessions.values;
    return Array.from(ranking.sessions(), (score, i) => ({ session: conversationOf(names[i]!).conversationId, score })).filter(({ score }) => score > -Infinity)
      .toSorted((a, b) => b.score - a.score).slice(0, request.limit ?? this.#config.retrieval.limit);
  }

  /** Every retriever's scores for a question, by chunk and by session, for benchmarks and tuning. */
  async rank(caller: Caller, query: string, input: SpaceRef = {}): Promise<Ranking> {
    return (await ask(this.#access.recalling(caller, parsed(SpaceRef, input).space), query)).ranking;
  }

  /** Answers the same question the same for a minute, unless something was stored since. */
  async context(caller: Caller, input: ContextInput = {}): Promise<Context> {
    const request = parsed(ContextInput, input);
    const recallContext = this.#access.recalling(caller, request.space, request);
    const { scope, space } = recallContext;
    const known = this.#access.contexts.get(scope, request);
    if (known !== undefined) return known;
    const answer = await context(recallContext, request);
    if (space.vectors.waiting === 0) this.#access.contexts.put(scope, request, answer);
    this.#uses.note(space, answer.parts.filter((part) => part.name === 'recalled').flatMap((part) => part.lines.flatMap((line) => line.sources)));
    return answer;
  }

  /** @throws SomnusError `not_found` */
  get(caller: Caller, id: string, input: SpaceRef = {}): Memory {
    const { space, scope } = this.#access.enter(caller, parsed(SpaceRef, input).space);
    return visible(space, scope, id);
  }

  /** Lists memories, newest first; superseded and merged ones appear only in histories. */
  list(caller: Caller, input: ListInput = {}): Page<Memory> {
    const request = parsed(ListInput, input);
    const { space, scope } = this.#access.enter(caller, request.space, request);
    return listOf(space.book, scope, request, this.#now());
  }

  /** What a memory was derived from, what was derived from it, and what replaced it. */
  history(caller: Caller, id: string, input: SpaceRef = {}): MemoryHistory {
    const { space, scope } = this.#access.enter(caller, parsed(SpaceRef, input).space);
    visible(space, scope, id);
    return historyOf(space, this.#options.store, id);
  }

  /** Changes a memory's text, importance or metadata. */
  update(caller: Caller, id: string, input: UpdateInput): Memory {
    const request = parsed(UpdateInput, input);
    const writeContext = this.#access.writing(caller, request.space);
    const changed = update(writeContext, visible(writeContext.space, writeContext.scope, id), request);
    this.#access.noteChange(caller, request.space);
    this.#access.note(caller, 'updated', request.space);
    return changed;
  }

  forget(caller: Caller, input: ForgetInput): Forgotten {
    const request = parsed(ForgetInput, input);
    const forgotten = forget(this.#access.writing(caller, request.space), request);
    this.#access.noteChange(caller, request.space);
    this.#access.note(caller, 'forgotten', request.space, { ...forgotten });
    return forgotten;
  }

  /** Destroys the keys and content of one space or of all, including locked ones. Backups of the data stay unreadable. Cannot be undone. */
  async shred(caller: Caller, space?: string): Promise<{ spaces: number }> {
    this.#access.noteUse(caller);
    const { plane } = this.#options;
    if (space === undefined || space === MAIN_SPACE) {
      plane?.cache.destroyed(caller.user);
      plane?.notices.clear(caller.user);
    }
    this.#access.contexts.clear();
    const spaces = await this.spaces.shred(caller.user, space);
    this.#access.release(caller, space);
    this.#access.note(caller, 'shredded', space ?? 'all', { spaces });
    return { spaces };
  }

  /** Returns one encrypted file with everything, or with the core self. @throws SomnusError `forbidden` for a private space */
  async export(caller: Caller, input: ExportInput): Promise<string> {
    const request = parsed(ExportInput, input);
    const file = await exportSpace(this.#access.writing(caller, request.space), request);
    this.#access.note(caller, 'exported', request.space, { core: request.core });
    return file;
  }

  /** Stores the memories of an export that this space does not have. */
  async import(caller: Caller, file: string, passphrase: string, input: SpaceRef = {}): Promise<Imported> {
    const { space } = parsed(SpaceRef, input);
    return this.#imported(caller, space, await importSpace(this.#access.writing(caller, space), file, passphrase));
  }

  /** Exports one memory as a Fernet token, with the key that decrypts it. */
  exportToken(caller: Caller, id: string, input: SpaceRef = {}): { token: string; key: string } {
    const { space } = parsed(SpaceRef, input);
    const made = exportToken(this.#access.writing(caller, space), id);
    this.#access.note(caller, 'exported', space, { core: false, memories: 1 });
    return made;
  }

  importToken(caller: Caller, token: string, key: string, input: SpaceRef = {}): Imported {
    const { space } = parsed(SpaceRef, input);
    return this.#imported(caller, space, importToken(this.#access.writing(caller, space), token, key));
  }

  /** Stores another program's chat log as turns. Repeatable: each turn is stored once, and an interrupted import continues. A line that cannot be read is reported; the others are stored. */
  async importChatLog(caller: Caller, format: ChatLogFormat, text: string, input: SpaceRef = {}): Promise<Imported> {
    const { space } = parsed(SpaceRef, input);
    const done = await importChatLog(parsed(ChatLogFormat, format), text, space, (inputs) => this.rememberAll(caller, inputs));
    return this.#imported(caller, space, done);
  }

  /** Runs one slice of consolidation; `dryRun` only reports what it would do. @throws SomnusError `operation_in_progress`: a space allows one at a time */
  async consolidate(caller: Caller, input: z.input<typeof ConsolidateInput> = {}): Promise<ConsolidationDiff> {
    const { space, dryRun, budget } = parsed(ConsolidateInput, input);
    const diff = await this.#consolidate(this.#access.writing(caller, space), { dryRun, budget: budget ?? this.#config.performance.consolidationBudget, signal: undefined });
    if (dryRun) return diff;
    this.#access.noteChange(caller, space);
    this.#access.note(caller, 'consolidated', space, { examined: diff.examined, merged: diff.merged.length });
    return diff;
  }

  /** The same in the background, for a user's main space. @throws SomnusError `locked`, `not_found` */
  async consolidateIdle(user: string, budget: number, signal: AbortSignal): Promise<ConsolidationDiff> {
    const diff = await this.#consolidate(this.#access.wholeMain(user), { dryRun: false, budget, signal });
    this.#access.contexts.drop(user, MAIN_SPACE);
    return diff;
  }

  /** Restores the memories that the last consolidation merged. */
  undoConsolidation(caller: Caller, input: SpaceRef = {}): { restored: number } {
    const { space } = parsed(SpaceRef, input);
    const restored = undoConsolidation(this.#access.writing(caller, space));
    this.#access.noteChange(caller, space);
    return { restored };
  }

  /** Grants or revokes consent to use a conversation as training data. */
  consentToTraining(caller: Caller, input: TrainingConsent): TrainingState {
    const request = parsed(TrainingConsent, input);
    const state = consentToTraining(this.#access.writing(caller, request.space), request);
    this.#access.note(caller, request.granted ? 'training_consented' : 'training_revoked', request.space);
    return state;
  }

  trainingState(caller: Caller, input: SpaceRef = {}): TrainingState {
    return trainingState(this.#access.writing(caller, parsed(SpaceRef, input).space));
  }

  /** The conversations with consent, as JSONL. */
  exportTraining(caller: Caller, input: SpaceRef = {}): string {
    const { space } = parsed(SpaceRef, input);
    const text = exportTraining(this.#access.writing(caller, space));
    this.#access.note(caller, 'training_exported', space);
    return text;
  }

  /** Applies a rollback or fork of a VM to its environment's memories, as `session.onSnapshot` in memory.yaml says. */
  afterSnapshot(user: string, event: SnapshotEvent): SnapshotOutcome {
    return this.#access.follow(user, parsed(SnapshotEvent, event));
  }

  /** Summarizes turns older than the recent ones now. */
  compact(caller: Caller, conversationId: string = MAIN_CONVERSATION, input: SpaceRef & Narrowing = {}): Compaction {
    const { space } = parsed(SpaceRef, { space: input.space });
    const { environmentId } = input;
    const writeContext = this.#access.writing(caller, space, { environmentId });
    const done = compact(writeContext, conversationKey(conversationId, writeContext.scope.environmentId));
    this.#access.noteChange(caller, space);
    return done;
  }

  stats(caller: Caller, input: SpaceRef = {}): MemoryStats {
    return statsOf(this.#access.writing(caller, parsed(SpaceRef, input).space));
  }

  /** Counts for all users: memories of each kind, including locked ones, unlocked spaces, and chunks in them without vectors. */
  figures(): { totals: { layer: string; type: string; count: number }[]; unlocked: number; waitingForVectors: number } {
    return { totals: this.#options.store.totals(), unlocked: this.spaces.unlocked().length, waitingForVectors: this.spaces.loaded().reduce((sum, space) => sum + space.vectors.waiting, 0) };
  }

  /**
   * Rebuilds the index from the memories and returns how many segments differed from what they should be. `verify` checks once more
   * afterwards; `dryRun` only checks.
   */
  async rebuild(caller: Caller, input: z.input<typeof RebuildInput> = {}): Promise<Rebuilt> {
    const request = parsed(RebuildInput, input);
    const done = await rebuild(this.#access.enter(caller, request.space).space, request);
    this.#access.note(caller, 'rebuilt', request.space, { ...done });
    return done;
  }

  /** Resolves when everything stored so far has its vectors and the facts that a model finds in it. */
  async settled(caller: Caller, input: SpaceRef = {}): Promise<void> {
    await this.#modelFacts.settled();
    await this.#access.enter(caller, parsed(SpaceRef, input).space).space.settled();
  }

  /** Removes expired memories from unlocked spaces. Locked spaces follow at their next unlock; until then answers leave expired memories out. */
  expire(): void {
    const expired = Map.groupBy(this.#options.store.expired(this.#now()), (one) => one.spaceId);
    for (const space of this.spaces.loaded()) {
      const ids = expired.get(space.row.id)?.map((one) => one.id) ?? [];
      forgetIds(this.#access.contextOf(space, wholeSpace(space.row.userId, space.row.name)), ids);
    }
  }

  /** Vectors of texts by memory's model, for other parts of Somnus; `texts` may be empty. Undefined: there is no model, or it is disabled. @throws SomnusError `unavailable` */
  async embed(texts: readonly string[], priority: EmbedPriority): Promise<{ model: string; vectors: Float32Array[] } | undefined> {
    const { embedder } = this.#options;
    return embedder === undefined || !this.#config.embeddings.enabled ? undefined : { model: embedder.model, vectors: await embedder.embed(texts, priority) };
  }

  async close(): Promise<void> {
    await this.#modelFacts.close();
    this.#uses.flush();
    await this.spaces.close();
    await this.#options.embedder?.close();
    this.#options.store.close();
    this.#options.keys.close();
  }

  #rememberFile(caller: Caller, input: ToRemember): Remembered {
    const [stored] = this.#write(this.#access.writing(caller, input.space), [input]);
    this.#noteStored(caller, input.space, [stored!]);
    return stored!;
  }

  #write(writeContext: WriteContext, inputs: readonly ToRemember[]): Remembered[] {
    const { environmentId } = writeContext.scope;
    const own = inputs.map((input) => ({ ...input, ...environmentId === undefined ? {} : { environmentId }, ...input.type === 'conversation' ? { conversationId: input.conversationId ?? MAIN_CONVERSATION } : {} }));
    const results = remember(writeContext, own);
    for (const key of new Set(own.map((input) => input.conversationId === undefined ? undefined : conversationKey(input.conversationId, input.environmentId)))) if (key !== undefined) this.#compactWhenFull(writeContext, key);
    return results;
  }

  #noteStored(caller: Caller, space: string, stored: readonly Remembered[]): void {
    this.#access.noteChange(caller, space);
    this.#modelFacts.note(caller.user, space, stored.filter(({ outcome }) => outcome === 'stored').map(({ id }) => id).filter((id) => id !== null));
  }

  async #consolidate(writeContext: WriteContext, options: { dryRun: boolean; budget: number; signal: AbortSignal | undefined }): Promise<ConsolidationDiff> {
    const { space } = writeContext;
    if (this.#consolidating.has(space)) throw new SomnusError('operation_in_progress', `The memory space ${space.row.name} is already being consolidated`, { hint: 'Wait until it finishes, and try again.' });
    this.#consolidating.add(space);
    space.working += 1;
    try {
      return await consolidate(writeContext, options);
    } finally {
      this.#consolidating.delete(space);
      space.working -= 1;
    }
  }

  #compactWhenFull(writeContext: WriteContext, conversation: string): void {
    const full = fullness(writeContext, conversation);
    if (full >= this.#config.session.compactNowAt) compact(writeContext, conversation);
    else if (full >= this.#config.session.compactAt) setImmediate(() => {
      if (this.spaces.loaded().includes(writeContext.space)) compact(writeContext, conversation);
    });
  }

  async #lock(owner: { user: string }, space: string): Promise<void> {
    if (space === MAIN_SPACE) this.#options.plane?.cache.locked(owner.user);
    this.#uses.flush();
    this.#access.contexts.drop(owner.user, space);
    await this.spaces.lock(owner.user, space);
    this.#access.release(owner, space);
  }

  /** For background work on a space that may have been locked. */
  #unlockedContext(user: string, space: string): WriteContext | undefined {
    const isUnlocked = this.spaces.status(user).some(({ name, unlocked }) => name === space && unlocked);
    return isUnlocked ? this.#access.contextOf(this.spaces.get(user, space), wholeSpace(user, space)) : undefined;
  }

  #cacheUnlocked(user: string): void {
    this.#options.plane?.cache.unlocked(user, this.spaces.get(user).keys.cacheKey());
  }

  #imported(caller: Caller, space: string, done: Imported): Imported {
    this.#access.noteChange(caller, space);
    this.#access.note(caller, 'imported', space, { ...done, refused: done.refused.length });
    return done;
  }
}
