// The entry point of the memory core, called by REST, CLI and MCP. Owns the services and their background work; the files beside it hold the rules.
import type { z } from 'zod';
import type { Logger } from '../../common/log.ts';
import { SomnusError } from '../../common/errors.ts';
import { Name } from '../../common/ids.ts';
import { compact, fullness, type Compaction } from './compaction.ts';
import { consolidate, ConsolidateInput, undoConsolidation, type ConsolidationDiff } from './consolidation.ts';
import { context, ContextInput, MAIN_CONVERSATION, type Context } from './context.ts';
import type { Embedder } from '../../common/embedding/embedder.ts';
import type { Ranking } from './retrieval/ranking.ts';
import { forget, ForgetInput, forgetIds, type Forgotten } from './forgetting.ts';
import { historyOf, type MemoryHistory } from './history.ts';
import { ChatLogFormat, readChatLog } from './importers.ts';
import { ListInput, listOf } from './listing.ts';
import type { Memory } from './memory.ts';
import type { MemoryConfig } from './memory-config.ts';
import { MemoryUses } from './memory-uses.ts';
import type { OpenSpace } from './open-space.ts';
import { ExportInput, exportSpace, exportToken, importSpace, importToken, type Imported } from './portability.ts';
import { rebuild, type Rebuilt, RebuildInput } from './rebuilding.ts';
import { ask, joined, recall, RecallInput, RecallSessionsInput, type RecallContext, type QueryVectors, type Recalled } from './recalling.ts';
import { remember, RememberInput, type Remembered, type WriteContext } from './remembering.ts';
import { afterSnapshot, SnapshotEvent, type SnapshotOutcome } from './snapshot-policy.ts';
import { MAIN_SPACE, parsed, SpaceRef, Spaces, type SpaceStatus, type Unlock } from './spaces.ts';
import type { Page } from '../store/page.ts';
import type { MemoryStore, SpaceRow } from './store/memory-store.ts';
import { statsOf, type MemoryStats } from './stats.ts';
import type { SqliteKeyStore } from './store/sqlite-key-store.ts';
import { consentToTraining, exportTraining, TrainingConsent, trainingState, type TrainingState } from './training.ts';
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
  now?: () => number;
}

export class MemoryService {
  readonly spaces: Spaces;
  readonly #options: MemoryServiceOptions;
  readonly #now: () => number;
  readonly #uses: MemoryUses;
  readonly #consolidating = new WeakSet<OpenSpace>();
  #config: MemoryConfig;

  constructor(options: MemoryServiceOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#now = options.now ?? Date.now;
    this.#uses = new MemoryUses({ store: options.store, config: () => this.#config, now: this.#now });
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
  }

  /** Sets up memory for a user: a space, a key wrapped by their secret, and a recovery key that is only returned here. */
  async setUp(userId: string, secret: string): Promise<{ recoveryKey: string }> {
    return await this.spaces.create(userId, MAIN_SPACE, secret);
  }

  async createPrivateSpace(userId: string, name: string, secret: string): Promise<{ recoveryKey: string }> {
    return await this.spaces.create(userId, parsed(Name, name), secret);
  }

  async unlock(userId: string, credential: Unlock): Promise<void> {
    await this.spaces.unlock(userId, credential);
    this.expire();
  }

  async lock(userId: string, input: SpaceRef = {}): Promise<void> {
    this.#uses.flush();
    await this.spaces.lock(userId, parsed(SpaceRef, input).space);
  }

  isUnlocked(userId: string, name: string = MAIN_SPACE): boolean {
    return this.spaces.status(userId).some((space) => space.name === name && space.unlocked);
  }

  status(userId: string): SpaceStatus[] {
    return this.spaces.status(userId);
  }

  /** Stores one memory. When this resolves, the memory is on disk and found by keywords. Compacts the conversation when its context is full. */
  async remember(userId: string, input: RememberInput): Promise<Remembered> {
    return (await this.rememberAll(userId, [input]))[0]!;
  }

  /** Stores several memories of one space, all or none. */
  // oxlint-disable-next-line require-await -- the API of storing is asynchronous, though the current store answers synchronously
  async rememberAll(userId: string, inputs: readonly RememberInput[]): Promise<Remembered[]> {
    const all = inputs.map((input) => parsed(RememberInput, input));
    const spaceName = all[0]?.space ?? MAIN_SPACE;
    if (all.some((input) => input.space !== spaceName)) throw new SomnusError('invalid_request', 'All memories of one call must belong to one space', { details: { field: 'space' } });
    const writeContext = this.#writeContext(userId, spaceName);
    const withConversation = all.map((input) => input.type === 'conversation' ? { ...input, conversationId: input.conversationId ?? MAIN_CONVERSATION } : input);
    const results = remember(writeContext, withConversation);
    for (const conversationId of new Set(withConversation.map((input) => input.conversationId))) if (conversationId !== undefined) this.#compactWhenFull(writeContext, conversationId);
    return results;
  }

  async recall(userId: string, input: RecallInput): Promise<Recalled> {
    const request = parsed(RecallInput, input);
    const recallContexts = [...new Set(request.spaces ?? [request.space])].map((space) => this.#recallContext(userId, space));
    const answer = joined(await Promise.all(recallContexts.map((recallContext) => recall(recallContext, request))), { ...request, limit: request.limit ?? this.#config.retrieval.limit });
    for (const { space } of recallContexts) this.#uses.note(space, answer.hits.filter((hit) => hit.space === space.row.name).map((hit) => hit.memory.id));
    return answer;
  }

  /** The sessions that a question is most likely to be about, best first. */
  async recallSessions(userId: string, input: RecallSessionsInput): Promise<{ session: string; score: number }[]> {
    const request = parsed(RecallSessionsInput, input);
    const recallContext = this.#recallContext(userId, request.space);
    const { ranking } = await ask(recallContext, request.query);
    const names = recallContext.space.index.table.sessions.values;
    return Array.from(ranking.sessions(), (score, i) => ({ session: names[i]!, score })).filter(({ score }) => score > -Infinity)
      .toSorted((a, b) => b.score - a.score).slice(0, request.limit ?? this.#config.retrieval.limit);
  }

  /** Every retriever's scores for a question, by chunk and by session, for benchmarks and tuning. */
  async rank(userId: string, query: string, input: SpaceRef = {}): Promise<Ranking> {
    return (await ask(this.#recallContext(userId, parsed(SpaceRef, input).space), query)).ranking;
  }

  async context(userId: string, input: ContextInput = {}): Promise<Context> {
    const request = parsed(ContextInput, input);
    const recallContext = this.#recallContext(userId, request.space);
    const answer = await context(recallContext, request);
    this.#uses.note(recallContext.space, answer.parts.filter((part) => part.name === 'recalled').flatMap((part) => part.lines.flatMap((line) => line.sources)));
    return answer;
  }

  /** @throws SomnusError `not_found` */
  get(userId: string, id: string, input: SpaceRef = {}): Memory {
    const space = this.spaces.get(userId, parsed(SpaceRef, input).space);
    const record = space.recordOf(id);
    if (record === undefined) throw new SomnusError('not_found', `There is no memory ${id}`, { details: { id } });
    return space.book.get(record);
  }

  /** Lists memories, newest first; superseded and merged ones appear only in histories. */
  list(userId: string, input: ListInput = {}): Page<Memory> {
    const request = parsed(ListInput, input);
    return listOf(this.spaces.get(userId, request.space).book, request, this.#now());
  }

  /** What a memory was derived from, what was derived from it, and what replaced it. */
  history(userId: string, id: string, input: SpaceRef = {}): MemoryHistory {
    return historyOf(this.spaces.get(userId, parsed(SpaceRef, input).space), this.#options.store, id);
  }

  forget(userId: string, input: ForgetInput): Forgotten {
    const request = parsed(ForgetInput, input);
    return forget(this.#writeContext(userId, request.space), request);
  }

  /** Destroys a user's keys and data. Backups of the data stay unreadable. Cannot be undone. */
  async forgetUser(userId: string): Promise<{ spaces: number }> {
    return { spaces: await this.spaces.shred(userId) };
  }

  /** Returns one encrypted file with everything, or with the core self. @throws SomnusError `forbidden` for a private space */
  async export(userId: string, input: ExportInput): Promise<string> {
    const request = parsed(ExportInput, input);
    return await exportSpace(this.#writeContext(userId, request.space), request);
  }

  /** Stores the memories of an export that this space does not have. */
  async import(userId: string, file: string, passphrase: string, input: SpaceRef = {}): Promise<Imported> {
    return await importSpace(this.#writeContext(userId, parsed(SpaceRef, input).space), file, passphrase);
  }

  /** Exports one memory as a Fernet token, with the key that decrypts it. */
  exportToken(userId: string, id: string, input: SpaceRef = {}): { token: string; key: string } {
    return exportToken(this.#writeContext(userId, parsed(SpaceRef, input).space), id);
  }

  importToken(userId: string, token: string, key: string, input: SpaceRef = {}): Imported {
    return importToken(this.#writeContext(userId, parsed(SpaceRef, input).space), token, key);
  }

  /** Stores another program's chat log as turns, all or none. Repeatable: each turn is stored once. */
  async importChatLog(userId: string, format: ChatLogFormat, text: string, input: SpaceRef = {}): Promise<Imported> {
    const { space } = parsed(SpaceRef, input);
    const results = await this.rememberAll(userId, readChatLog(parsed(ChatLogFormat, format), text).map((turn) => ({ ...turn, space })));
    const stored = results.filter((result) => result.outcome === 'stored').length;
    return { stored, duplicates: results.length - stored, forgotten: 0 };
  }

  /** Runs one slice of consolidation; `dryRun` only reports what it would do. @throws SomnusError `operation_in_progress`: a space allows one at a time */
  async consolidate(userId: string, input: z.input<typeof ConsolidateInput> = {}, signal?: AbortSignal): Promise<ConsolidationDiff> {
    const { space, dryRun, budget } = parsed(ConsolidateInput, input);
    const writeContext = this.#writeContext(userId, space);
    if (this.#consolidating.has(writeContext.space)) throw new SomnusError('operation_in_progress', `The memory space ${space} is already being consolidated`, { hint: 'Wait until it finishes, and try again.' });
    this.#consolidating.add(writeContext.space);
    try {
      return await consolidate(writeContext, { dryRun, budget: budget ?? this.#config.performance.consolidationBudget, signal });
    } finally {
      this.#consolidating.delete(writeContext.space);
    }
  }

  /** Restores the memories that the last consolidation merged. */
  undoConsolidation(userId: string, input: SpaceRef = {}): { restored: number } {
    return { restored: undoConsolidation(this.#writeContext(userId, parsed(SpaceRef, input).space)) };
  }

  /** Grants or revokes consent to use a conversation as training data. */
  consentToTraining(userId: string, input: TrainingConsent): TrainingState {
    const request = parsed(TrainingConsent, input);
    return consentToTraining(this.#writeContext(userId, request.space), request);
  }

  trainingState(userId: string, input: SpaceRef = {}): TrainingState {
    return trainingState(this.#writeContext(userId, parsed(SpaceRef, input).space));
  }

  /** The conversations with consent, as JSONL. */
  exportTraining(userId: string, input: SpaceRef = {}): string {
    return exportTraining(this.#writeContext(userId, parsed(SpaceRef, input).space));
  }

  /** Applies a rollback or fork of a VM to its environment's memories, as `session.onSnapshot` in memory.yaml says. */
  afterSnapshot(userId: string, event: SnapshotEvent): SnapshotOutcome {
    return afterSnapshot(this.#writeContext(userId, MAIN_SPACE), parsed(SnapshotEvent, event));
  }

  /** Summarizes turns older than the recent ones now. */
  compact(userId: string, conversationId: string = MAIN_CONVERSATION, input: SpaceRef = {}): Compaction {
    return compact(this.#writeContext(userId, parsed(SpaceRef, input).space), conversationId);
  }

  stats(userId: string, input: SpaceRef = {}): MemoryStats {
    return statsOf(this.#writeContext(userId, parsed(SpaceRef, input).space));
  }

  /** Counts memories of each kind for all users, including locked ones. */
  totals(): { layer: string; type: string; count: number }[] {
    return this.#options.store.totals();
  }

  /**
   * Rebuilds the index from the memories and returns how many segments differed from what they should be. `verify` checks once more
   * afterwards; `dryRun` only checks.
   */
  async rebuild(userId: string, input: z.input<typeof RebuildInput> = {}): Promise<Rebuilt> {
    const request = parsed(RebuildInput, input);
    return await rebuild(this.spaces.get(userId, request.space), request);
  }

  /** Resolves when everything stored so far has its vector. */
  async settled(userId: string, input: SpaceRef = {}): Promise<void> {
    await this.spaces.get(userId, parsed(SpaceRef, input).space).settled();
  }

  async close(): Promise<void> {
    this.#uses.flush();
    await this.spaces.close();
    await this.#options.embedder?.close();
    this.#options.store.close();
    this.#options.keys.close();
  }

  #writeContext(userId: string, space: string): WriteContext {
    return { space: this.spaces.get(userId, space), store: this.#options.store, config: this.#config, nowMs: this.#now() };
  }

  #recallContext(userId: string, space: string): RecallContext {
    const open = this.spaces.get(userId, space);
    return {
      space: open, embedder: this.#config.embeddings.enabled ? this.#options.embedder : undefined, config: this.#config, log: this.#options.log, nowMs: this.#now(),
      queryVectors: this.#options.queryVectors?.(open.row),
    };
  }

  #compactWhenFull(writeContext: WriteContext, conversationId: string): void {
    const full = fullness(writeContext, conversationId);
    if (full >= this.#config.session.compactNowAt) compact(writeContext, conversationId);
    else if (full >= this.#config.session.compactAt) setImmediate(() => {
      if (this.spaces.unlocked().includes(writeContext.space)) compact(writeContext, conversationId);
    });
  }

  /** Removes expired memories from unlocked spaces. Locked spaces follow at their next unlock; until then answers leave expired memories out. */
  expire(): void {
    const expired = Map.groupBy(this.#options.store.expired(this.#now()), (one) => one.spaceId);
    for (const space of this.spaces.unlocked()) {
      const ids = expired.get(space.row.id)?.map((one) => one.id) ?? [];
      forgetIds({ space, store: this.#options.store, config: this.#config, nowMs: this.#now() }, ids);
    }
  }
}
