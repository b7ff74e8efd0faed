// Exports conversations as training data: only those with the user's consent, each line with the memories it came from. Records each export, so
// that users of the training data can be told what was revoked or forgotten later.
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { Name, newId } from '../../common/ids.ts';
import { MemoryId, type Memory } from './memory.ts';
import type { OpenSpace } from './open-space.ts';
import type { WriteContext } from './remembering.ts';
import { MAIN_SPACE } from './spaces.ts';

export const TrainingConsent = z.strictObject({
  space: Name.default(MAIN_SPACE),
  conversationId: z.string().min(1).max(200),
  /** False revokes the consent: later exports leave the conversation out, and earlier ones list it as revoked. */
  granted: z.boolean(),
});
export type TrainingConsent = z.input<typeof TrainingConsent>;

/** One line of an export: a conversation in the usual training format, and the source of each message. */
export const TrainingLine = z.strictObject({
  messages: z.array(z.strictObject({ role: z.enum(['user', 'assistant', 'system', 'tool']), content: z.string() })),
  lineage: z.strictObject({ exportId: z.string(), conversationId: z.string(), memories: z.array(MemoryId), consentedAt: z.iso.datetime() }),
});
export type TrainingLine = z.infer<typeof TrainingLine>;

export const TrainingState = z.strictObject({
  consents: z.array(z.strictObject({ conversationId: z.string(), consentedAt: z.iso.datetime() })),
  exports: z.array(z.strictObject({
    id: z.string(),
    at: z.iso.datetime(),
    conversations: z.array(z.string()),
    messages: z.int(),
    /** Conversations revoked and messages forgotten since the export: remove these from what was made with it. */
    revokedConversations: z.array(z.string()),
    revokedMemories: z.array(MemoryId),
  })),
});
export type TrainingState = z.infer<typeof TrainingState>;

const Ledger = z.strictObject({
  consents: z.record(z.string(), z.iso.datetime()),
  exports: z.array(z.strictObject({ id: z.string(), at: z.iso.datetime(), conversations: z.record(z.string(), z.array(MemoryId)) })),
});
type Ledger = z.infer<typeof Ledger>;
const NOTE = 'training';

/** Repeatable. @throws SomnusError `forbidden` for a private space, `not_found` for an unknown conversation */
export function consentToTraining(writeContext: WriteContext, { conversationId, granted }: z.output<typeof TrainingConsent>): TrainingState {
  const ledger = readLedger(writeContext);
  const { [conversationId]: given, ...others } = ledger.consents;
  if (granted && turns(writeContext.space, conversationId).length === 0) throw new SomnusError('not_found', `There is no conversation ${conversationId}`, { details: { conversationId } });
  const changed = { ...ledger, consents: granted ? { ...others, [conversationId]: given ?? new Date(writeContext.nowMs).toISOString() } : others };
  writeLedger(writeContext, changed);
  return stateOf(writeContext, changed);
}

export function trainingState(writeContext: WriteContext): TrainingState {
  return stateOf(writeContext, readLedger(writeContext));
}

/** Returns JSONL with a line for each conversation with consent. Records the export before returning its text. */
export function exportTraining(writeContext: WriteContext): string {
  const ledger = readLedger(writeContext);
  const exportId = newId('trn', writeContext.nowMs);
  const lines = Object.entries(ledger.consents).map(([conversationId, consentedAt]): TrainingLine => {
    const said = turns(writeContext.space, conversationId);
    return { messages: said.map((turn) => ({ role: roleOf(turn), content: turn.text })), lineage: { exportId, conversationId, memories: said.map(({ id }) => id), consentedAt } };
  }).filter((line) => line.messages.length > 0);
  const conversations = Object.fromEntries(lines.map(({ lineage }) => [lineage.conversationId, lineage.memories]));
  writeLedger(writeContext, { ...ledger, exports: [...ledger.exports, { id: exportId, at: new Date(writeContext.nowMs).toISOString(), conversations }] });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function stateOf({ space }: WriteContext, { consents, exports }: Ledger): TrainingState {
  return {
    consents: Object.entries(consents).map(([conversationId, consentedAt]) => ({ conversationId, consentedAt })),
    exports: exports.map(({ id, at, conversations }) => {
      const names = Object.keys(conversations);
      const memories = Object.values(conversations).flat();
      return {
        id, at, conversations: names, messages: memories.length, revokedConversations: names.filter((name) => consents[name] === undefined),
        revokedMemories: memories.filter((memory) => space.recordOf(memory) === undefined),
      };
    }),
  };
}

function turns(space: OpenSpace, conversationId: string): Memory[] {
  return space.book.conversation(conversationId).filter((record) => space.book.alive.values[record] === 1).map((record) => space.book.get(record)).filter(({ layer }) => layer === 'raw');
}

function roleOf({ speaker }: Memory): TrainingLine['messages'][number]['role'] {
  return speaker === 'assistant' || speaker === 'system' || speaker === 'tool' ? speaker : 'user';
}

function readLedger({ space, store }: WriteContext): Ledger {
  if (space.row.private) throw new SomnusError('forbidden', 'A private space cannot be used as training data');
  const sealed = store.readNote(space.row.id, NOTE);
  return sealed === undefined ? { consents: {}, exports: [] } : Ledger.parse(JSON.parse(space.keys.unseal(sealed, NOTE).toString()));
}

function writeLedger({ space, store }: WriteContext, ledger: Ledger): void {
  store.writeNote(space.row.id, NOTE, space.keys.seal(Buffer.from(JSON.stringify(ledger)), NOTE));
}
