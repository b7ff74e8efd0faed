// The memory core's door: what REST, CLI and MCP call. Owns the services and their background work; rules are in the files beside it.
import { z } from 'zod';
import type { Logger } from '../../common/log.ts';
import { SomnusError } from '../../common/errors.ts';
import { Name } from '../../common/ids.ts';
import { compact, fullness, type Compaction } from './compaction.ts';
import { consolidate, undoConsolidation, type ConsolidationDiff } from './consolidation.ts';
import { context, ContextInput, MAIN_CONVERSATION, type Context } from './context.ts';
import type { Embedder } from './embedding/embedder.ts';
import type { Ranking } from './finding/ranking.ts';
import { forget, ForgetInput, forgetIds, type Forgotten } from './forgetting.ts';
import { historyOf, type MemoryHistory } from './history.ts';
import { ChatLogFormat, readChatLog } from './importers.ts';
import { Layer, MemoryType, type Memory } from './memory.ts';
import type { MemoryConfig } from './memory-config.ts';
import type { OpenSpace } from './open-space.ts';
import { ExportInput, exportSpace, exportToken, importSpace, importToken, type Imported } from './portability.ts';
import { ask, joined, recall, RecallInput, type Asking, type QueryVectors, type Recalled } from './recalling.ts';
import { expiryOf, remember, RememberInput, type Remembered, type Writing } from './remembering.ts';
import { afterSnapshot, SnapshotEvent, type SnapshotOutcome } from './snapshot-policy.ts';
import { MAIN_SPACE, parsed, Spaces, type SpaceStatus, type Unlock } from './spaces.ts';
import type { Page } from '../store/page.ts';
import type { MemoryStore, SpaceRow } from './store/memory-store.ts';
import { readKind } from './store/pack.ts';
import type { SqliteKeyStore } from './store/sqlite-key-store.ts';
import { consentToTraining, exportTraining, TrainingConsent, trainingState, type TrainingState } from './training.ts';
import type { VectorIndex } from './vectors/vector-index.ts';

export interface MemoryServiceOptions {
  store: MemoryStore;
  keys: SqliteKeyStore;
  /** None: keywords, names and dates alone. */
  embedder: Embedder | undefined;
  config: MemoryConfig;
  log: Logger;
  /** Makes a space's index on a vector server; the embedded exact index when left out. */
  vectorServer?: ((spaceId: string) => VectorIndex) | undefined;
  /** Where a space keeps the vectors of questions that were asked before. */
  queryVectors?: ((space: SpaceRow) => QueryVectors | undefined) | undefined;
  now?: () => number;
}

export const SpaceRef = z.strictObject({ space: Name.default(MAIN_SPACE) });
export type SpaceRef = z.input<typeof SpaceRef>;

export const MemoryStats = z.strictObject({
  space: z.string(),
  memories: z.int(),
  byForm: z.array(z.strictObject({ layer: z.string(), type: z.string(), count: z.int() })),
  anchors: z.int(),
  waitingForVectors: z.int(),
  conversations: z.array(z.strictObject({ id: z.string(), turns: z.int(), summaries: z.int(), archives: z.int(), summarisedTurns: z.int(), fullness: z.number() })),
});
export type MemoryStats = z.infer<typeof MemoryStats>;

export const RecallSessionsInput = RecallInput.pick({ query: true, space: true, limit: true });
export type RecallSessionsInput = z.input<typeof RecallSessionsInput>;

export const ConsolidateInput = z.strictObject({ space: Name.default(MAIN_SPACE), dryRun: z.boolean().default(false), budget: z.int().min(1).max(1_000_000).optional() });

export const RebuildInput = z.strictObject({ space: Name.default(MAIN_SPACE), verify: z.boolean().default(false), dryRun: z.boolean().default(false) });

export const Rebuilt = z.strictObject({
  packs: z.int(),
  /** Packs whose index segment was not what the memories say. */
  different: z.int(),
  rebuilt: z.boolean(),
  /** Whether the index says what the memories say; null when nobody looked. */
  verified: z.boolean().nullable(),
});
export type Rebuilt = z.infer<typeof Rebuilt>;

export const ListInput = z.strictObject({
  space: Name.default(MAIN_SPACE),
  type: MemoryType.optional(),
  layer: Layer.optional(),
  conversationId: z.string().max(200).optional(),
  environmentId: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().regex(/^\d{1,15}$/, 'must be a cursor of an earlier page').optional(),
});
export type ListInput = z.input<typeof ListInput>;

/** How often used memories' new expiry and use counts are written. */
const USES_FLUSH_MS = 2_000;
const USES_AT_ONCE = 32;

export class MemoryService {
  readonly spaces: Spaces;
  readonly #options: MemoryServiceOptions;
  readonly #now: () => number;
  readonly #uses = new Map<string, { space: OpenSpace; ids: Set<string> }>();
  readonly #consolidating = new WeakSet<OpenSpace>();
  #usesTimer: NodeJS.Timeout | undefined;
  #config: MemoryConfig;

  constructor(options: MemoryServiceOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#now = options.now ?? Date.now;
    const { vectorServer } = options;
    this.spaces = new Spaces(options.store, options.keys, {
      embedder: options.embedder, log: options.log, ...vectorServer === undefined ? {} : { remote: (row) => vectorServer(row.id) },
    });
  }

  /** The settings in force. */
  get config(): MemoryConfig {
    return this.#config;
  }

  /** Takes new settings; they count from the next call on. */
  reload(config: MemoryConfig): void {
    this.#config = config;
  }

  /** Gives a user memory: a space, a key wrapped by their secret, and a recovery key that is shown this once. */
  async setUp(userId: string, secret: string): Promise<{ recoveryKey: string }> {
    return await this.spaces.create(userId, MAIN_SPACE, secret);
  }

  async createPrivateSpace(userId: string, name: string, secret: string): Promise<{ recoveryKey: string }> {
    return await this.spaces.create(userId, parsed(Name, name), secret);
  }

  async unlock(userId: string, opener: Unlock): Promise<void> {
    await this.spaces.unlock(userId, opener);
    this.expire();
  }

  async lock(userId: string, input: SpaceRef = {}): Promise<void> {
    this.#flushUses();
    await this.spaces.lock(userId, parsed(SpaceRef, input).space);
  }

  isUnlocked(userId: string, name: string = MAIN_SPACE): boolean {
    return this.spaces.status(userId).some((space) => space.name === name && space.unlocked);
  }

  status(userId: string): SpaceStatus[] {
    return this.spaces.status(userId);
  }

  /** Stores one memory; on the disk, and found by its words, when this resolves. Compacts the conversation when its context is full. */
  async remember(userId: string, input: RememberInput): Promise<Remembered> {
    return (await this.rememberAll(userId, [input]))[0]!;
  }

  /** Stores several memories of one space, all or none. */
  // oxlint-disable-next-line require-await -- storing is a promise to every door, also where today's store answers at once
  async rememberAll(userId: string, inputs: readonly RememberInput[]): Promise<Remembered[]> {
    const all = inputs.map((input) => parsed(RememberInput, input));
    const spaceName = all[0]?.space ?? MAIN_SPACE;
    if (all.some((input) => input.space !== spaceName)) throw new SomnusError('invalid_request', 'All memories of one call belong to one space', { details: { field: 'space' } });
    const writing = this.#writing(userId, spaceName);
    const withConversation = all.map((input) => input.type === 'conversation' ? { ...input, conversationId: input.conversationId ?? MAIN_CONVERSATION } : input);
    const results = remember(writing, withConversation);
    for (const conversationId of new Set(withConversation.map((input) => input.conversationId))) if (conversationId !== undefined) this.#compactWhenFull(writing, conversationId);
    return results;
  }

  async recall(userId: string, input: RecallInput): Promise<Recalled> {
    const request = parsed(RecallInput, input);
    const askings = [...new Set(request.spaces ?? [request.space])].map((space) => this.#asking(userId, space));
    const answer = joined(await Promise.all(askings.map((asking) => recall(asking, request))), { ...request, limit: request.limit ?? this.#config.retrieval.limit });
    for (const { space } of askings) this.#noteUses(space, answer.hits.filter((hit) => hit.space === space.row.name).map((hit) => hit.memory.id));
    return answer;
  }

  /** The sessions that a question is most likely about, best first. */
  async recallSessions(userId: string, input: RecallSessionsInput): Promise<{ session: string; score: number }[]> {
    const request = parsed(RecallSessionsInput, input);
    const asking = this.#asking(userId, request.space);
    const { ranking } = await ask(asking, request.query);
    const names = asking.space.index.table.sessions.values;
    return Array.from(ranking.sessions(), (score, i) => ({ session: names[i]!, score })).filter(({ score }) => score > -Infinity)
      .toSorted((a, b) => b.score - a.score).slice(0, request.limit ?? this.#config.retrieval.limit);
  }

  /** Every arm's scores for a question, by anchor and by session: for benchmarks and for people who tune. */
  async rank(userId: string, query: string, input: SpaceRef = {}): Promise<Ranking> {
    return (await ask(this.#asking(userId, parsed(SpaceRef, input).space), query)).ranking;
  }

  async context(userId: string, input: ContextInput = {}): Promise<Context> {
    const request = parsed(ContextInput, input);
    const asking = this.#asking(userId, request.space);
    const answer = await context(asking, request);
    this.#noteUses(asking.space, answer.parts.filter((part) => part.name === 'recalled').flatMap((part) => part.lines.flatMap((line) => line.sources)));
    return answer;
  }

  /** @throws SomnusError `not_found` */
  get(userId: string, id: string, input: SpaceRef = {}): Memory {
    const space = this.spaces.get(userId, parsed(SpaceRef, input).space);
    const record = space.recordOf(id);
    if (record === undefined) throw new SomnusError('not_found', `There is no memory ${id}`, { details: { id } });
    return space.book.get(record);
  }

  /** The memories there are, newest first; superseded and merged ones are in histories alone. */
  list(userId: string, input: ListInput = {}): Page<Memory> {
    const { space: name, limit, cursor, ...wanted } = parsed(ListInput, input);
    const { book } = this.spaces.get(userId, name);
    const items: Memory[] = [];
    let record = cursor === undefined ? book.size - 1 : book.firstAfter(Number(cursor) - 1) - 1;
    for (; record >= 0 && items.length < limit; record -= 1) {
      if (book.alive.values[record] === 0 || book.expires.values[record]! <= this.#now()) continue;
      const { layer, type } = readKind(book.kind.values[record]!);
      if ((wanted.layer ?? layer) !== layer || (wanted.type ?? type) !== type) continue;
      const memory = book.get(record);
      if ((wanted.conversationId ?? memory.conversationId) === memory.conversationId && (wanted.environmentId ?? memory.environmentId) === memory.environmentId) items.push(memory);
    }
    return { items, nextCursor: record < 0 ? null : String(book.seq.values[record + 1]) };
  }

  /** What a memory was made from, what was made from it, and what took its place. */
  history(userId: string, id: string, input: SpaceRef = {}): MemoryHistory {
    return historyOf(this.spaces.get(userId, parsed(SpaceRef, input).space), this.#options.store, id);
  }

  forget(userId: string, input: ForgetInput): Forgotten {
    const request = parsed(ForgetInput, input);
    return forget(this.#writing(userId, request.space), request);
  }

  /** Destroys a user's keys and data. Backups of the data stay unreadable; nothing can undo it. */
  async forgetUser(userId: string): Promise<{ spaces: number }> {
    return { spaces: await this.spaces.shred(userId) };
  }

  /** One encrypted file with everything, or with the core self. @throws SomnusError `forbidden` for a private space */
  async export(userId: string, input: ExportInput): Promise<string> {
    const request = parsed(ExportInput, input);
    return await exportSpace(this.spaces.get(userId, request.space), request, this.#now());
  }

  /** Stores what an export holds and this space has not. */
  async import(userId: string, file: string, passphrase: string, input: SpaceRef = {}): Promise<Imported> {
    return await importSpace(this.#writing(userId, parsed(SpaceRef, input).space), file, passphrase);
  }

  /** A single memory as a Fernet token, with the key that reads it. */
  exportToken(userId: string, id: string, input: SpaceRef = {}): { token: string; key: string } {
    return exportToken(this.spaces.get(userId, parsed(SpaceRef, input).space), id);
  }

  importToken(userId: string, token: string, key: string, input: SpaceRef = {}): Imported {
    return importToken(this.#writing(userId, parsed(SpaceRef, input).space), token, key);
  }

  /** Stores another program's chat log as turns; repeatable, a turn is stored once. All or none. */
  async importChatLog(userId: string, format: ChatLogFormat, text: string, input: SpaceRef = {}): Promise<Imported> {
    const { space } = parsed(SpaceRef, input);
    const results = await this.rememberAll(userId, readChatLog(parsed(ChatLogFormat, format), text).map((turn) => ({ ...turn, space })));
    const stored = results.filter((result) => result.outcome === 'stored').length;
    return { stored, duplicates: results.length - stored };
  }

  /** One slice of tidying; with `dryRun` only says what it would do. @throws SomnusError `operation_in_progress`: one at a time for a space */
  async consolidate(userId: string, input: z.input<typeof ConsolidateInput> = {}, signal?: AbortSignal): Promise<ConsolidationDiff> {
    const { space, dryRun, budget } = parsed(ConsolidateInput, input);
    const writing = this.#writing(userId, space);
    if (this.#consolidating.has(writing.space)) throw new SomnusError('operation_in_progress', `The memory space ${space} is being tidied already`, { hint: 'Wait for it.' });
    this.#consolidating.add(writing.space);
    try {
      return await consolidate(writing, { dryRun, budget: budget ?? this.#config.performance.consolidationBudget, signal });
    } finally {
      this.#consolidating.delete(writing.space);
    }
  }

  /** Brings back what the last round of tidying merged. */
  undoConsolidation(userId: string, input: SpaceRef = {}): { restored: number } {
    return { restored: undoConsolidation(this.#writing(userId, parsed(SpaceRef, input).space)) };
  }

  /** Gives or takes back the consent that a conversation may become training data. */
  consentToTraining(userId: string, input: TrainingConsent): TrainingState {
    const request = parsed(TrainingConsent, input);
    return consentToTraining(this.#writing(userId, request.space), request);
  }

  trainingState(userId: string, input: SpaceRef = {}): TrainingState {
    return trainingState(this.#writing(userId, parsed(SpaceRef, input).space));
  }

  /** The conversations with consent, as JSONL. */
  exportTraining(userId: string, input: SpaceRef = {}): string {
    return exportTraining(this.#writing(userId, parsed(SpaceRef, input).space));
  }

  /** What a rollback or fork of an environment's VM does to its memories, by memory.yaml's `session.onSnapshot`. */
  afterSnapshot(userId: string, event: SnapshotEvent): SnapshotOutcome {
    return afterSnapshot(this.#writing(userId, MAIN_SPACE), parsed(SnapshotEvent, event));
  }

  /** Summarises what is older than the recent turns, now. */
  compact(userId: string, conversationId: string = MAIN_CONVERSATION, input: SpaceRef = {}): Compaction {
    return compact(this.#writing(userId, parsed(SpaceRef, input).space), conversationId);
  }

  stats(userId: string, input: SpaceRef = {}): MemoryStats {
    const { space: name } = parsed(SpaceRef, input);
    const writing = this.#writing(userId, name);
    const { space } = writing;
    const crystals = space.crystals();
    const byForm = this.#options.store.counts(space.row.id);
    return {
      space: name, byForm, memories: byForm.reduce((sum, form) => sum + form.count, 0), anchors: space.index.table.size, waitingForVectors: space.waitingForVectors,
      conversations: space.book.conversationIds().map((id) => {
        const own = crystals.filter((crystal) => crystal.conversationId === id);
        return {
          id, turns: space.book.conversation(id).filter((record) => space.book.alive.values[record] === 1).length - own.length,
          summaries: own.filter((crystal) => crystal.metadata?.['form'] === 'summary').length, archives: own.filter((crystal) => crystal.metadata?.['form'] === 'archive').length,
          summarisedTurns: own.reduce((sum, crystal) => sum + (crystal.sources?.length ?? 0), 0), fullness: fullness(writing, id),
        };
      }),
    };
  }

  /** How many memories there are of each kind, of all users, locked ones too. */
  totals(): { layer: string; type: string; count: number }[] {
    return this.#options.store.totals();
  }

  /**
   * Builds the index anew from the memories, and says how many segments were not what they should have been. `verify` looks once more
   * afterwards; `dryRun` only looks.
   */
  async rebuild(userId: string, input: z.input<typeof RebuildInput> = {}): Promise<Rebuilt> {
    const { space: name, verify, dryRun } = parsed(RebuildInput, input);
    const space = this.spaces.get(userId, name);
    await space.settled();
    const first = await space.rebuildSegments(!dryRun);
    return { ...first, rebuilt: !dryRun, verified: dryRun ? first.different === 0 : verify ? (await space.rebuildSegments(false)).different === 0 : null };
  }

  /** Resolves when everything stored so far has its vector. */
  async settled(userId: string, input: SpaceRef = {}): Promise<void> {
    await this.spaces.get(userId, parsed(SpaceRef, input).space).settled();
  }

  async close(): Promise<void> {
    this.#flushUses();
    await this.spaces.close();
    await this.#options.embedder?.close();
    this.#options.store.close();
    this.#options.keys.close();
  }

  #writing(userId: string, space: string): Writing {
    return { space: this.spaces.get(userId, space), store: this.#options.store, config: this.#config, nowMs: this.#now() };
  }

  #asking(userId: string, space: string): Asking {
    const open = this.spaces.get(userId, space);
    return {
      space: open, embedder: this.#config.embeddings.enabled ? this.#options.embedder : undefined, config: this.#config, log: this.#options.log, nowMs: this.#now(),
      queryVectors: this.#options.queryVectors?.(open.row),
    };
  }

  #compactWhenFull(writing: Writing, conversationId: string): void {
    const full = fullness(writing, conversationId);
    if (full >= this.#config.session.compactNowAt) compact(writing, conversationId);
    else if (full >= this.#config.session.compactAt) setImmediate(() => {
      if (this.spaces.unlocked().includes(writing.space)) compact(writing, conversationId);
    });
  }

  /** Memories that are used live longer; what recall answered is written down a little later, so that asking never waits for the disk. */
  #noteUses(space: OpenSpace, ids: readonly string[]): void {
    if (ids.length === 0) return;
    const noted = this.#uses.get(space.row.id) ?? { space, ids: new Set<string>() };
    for (const id of ids) noted.ids.add(id);
    this.#uses.set(space.row.id, noted);
    this.#usesTimer ??= setTimeout(() => this.#flushUses(USES_AT_ONCE), USES_FLUSH_MS).unref();
  }

  /** Writes down at most `count` uses a space, so that nobody who asks meanwhile waits long; the rest follows soon. */
  #flushUses(count = Infinity): void {
    clearTimeout(this.#usesTimer);
    this.#usesTimer = undefined;
    const nowMs = this.#now();
    for (const [spaceId, { space, ids }] of this.#uses) {
      const batch = [...ids].slice(0, count);
      for (const id of batch) ids.delete(id);
      if (ids.size === 0) this.#uses.delete(spaceId);
      if (!this.spaces.unlocked().includes(space)) this.#uses.delete(spaceId);
      else this.#options.store.touch(spaceId, batch, nowMs, (id) => this.#newExpiry(space, id, nowMs));
    }
    if (this.#uses.size > 0) this.#usesTimer = setTimeout(() => this.#flushUses(USES_AT_ONCE), USES_FLUSH_MS / 8).unref();
  }

  /** When a memory that is used now ends; undefined to leave it as it is. */
  #newExpiry(space: OpenSpace, id: string, nowMs: number): number | undefined {
    const record = this.#config.retention.adaptive ? space.recordOf(id) : undefined;
    if (record === undefined || space.book.expires.values[record] === Infinity) return undefined;
    const expiresAtMs = expiryOf(space.book.get(record), nowMs, this.#config);
    if (expiresAtMs !== undefined) space.book.expires.values[record] = expiresAtMs;
    return expiresAtMs;
  }

  /** Removes what has expired from the unlocked spaces; of locked ones, at their next unlock. Until then it is in no answer either. */
  expire(): void {
    const expired = Map.groupBy(this.#options.store.expired(this.#now()), (one) => one.spaceId);
    for (const space of this.spaces.unlocked()) {
      const ids = expired.get(space.row.id)?.map((one) => one.id) ?? [];
      forgetIds({ space, store: this.#options.store, config: this.#config, nowMs: this.#now() }, ids);
    }
  }
}
