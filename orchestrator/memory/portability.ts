// Exports and imports memories: everything or the core self as one encrypted file, a single memory as a Fernet token. Exported files have their own
// passphrase. Summaries are left out, because they can be created again.
import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { Name } from '../../common/ids.ts';
import { fernetToken, newFernetKey, readFernetToken } from './crypto/fernet.ts';
import { unwrapKey, WrapMethod, wrapKey } from './crypto/key-wrap.ts';
import { KEY_BYTES, seal, unseal } from './crypto/seal.ts';
import { isCore, recordExport } from './export-ledger.ts';
import { Refused } from './importers.ts';
import { readPart } from './files/attached-bytes.ts';
import { MAX_TEXT_BYTES, Memory } from './memory.ts';
import { assertCapacity, firstAtHome, newRecord, write, type WriteContext } from './remembering.ts';
import { MAIN_SPACE } from './spaces.ts';
import { PackedVector, packedVector, unpackedVector, type UnitVector } from './vectors/caller-vectors.ts';

export const ExportInput = z.strictObject({
  space: Name.default(MAIN_SPACE),
  /** Decrypts the file; at least 12 characters. */
  passphrase: z.string().max(1024),
  /** Export only the core self: instructions, facts and critical memories. */
  core: z.boolean().default(false),
});
export type ExportInput = z.input<typeof ExportInput>;

export const Imported = z.strictObject({
  stored: z.int(),
  /** Memories that already existed. */
  duplicates: z.int(),
  /** Memories that had been forgotten here and stay forgotten. */
  forgotten: z.int(),
  /** Lines of a chat log that could not be stored, with why. */
  refused: z.array(Refused),
});
export type Imported = z.infer<typeof Imported>;

const FORMAT = 1;
const CONTEXT = 'memory export';
const ExportFile = z.strictObject({
  somnusMemoryExport: z.literal(FORMAT),
  /** The id that `forget` lists when the file holds forgotten memories. */
  id: z.string().optional(),
  method: WrapMethod,
  wrapped: z.base64(),
  sealed: z.base64(),
});
/** A memory with its caller's vector. */
const Exported = Memory.extend({ vector: PackedVector.optional() });
type Exported = z.infer<typeof Exported>;
const ExportContent = z.strictObject({ exportedAt: z.iso.datetime(), core: z.boolean(), memories: z.array(Exported) });

/** Returns the text of one encrypted file. */
export async function exportSpace(writeContext: WriteContext, input: z.output<typeof ExportInput>): Promise<string> {
  const { space } = writeContext;
  if (space.row.private) throw new SomnusError('forbidden', 'A private space cannot be exported', { hint: 'Export single memories as tokens instead.' });
  const memories = [...space.book.live()].filter(({ memory }) => memory.layer !== 'summary' && (!input.core || isCore(memory))).map(({ record }) => exported(writeContext, record));
  const key = randomBytes(KEY_BYTES);
  const wrap = await wrapKey('secret', key, input.passphrase, CONTEXT);
  const { id, at } = recordExport(writeContext, input.core ? 'core' : 'all');
  const content: z.infer<typeof ExportContent> = { exportedAt: at, core: input.core, memories };
  const file: z.infer<typeof ExportFile> = {
    somnusMemoryExport: FORMAT, id, method: wrap.method, wrapped: wrap.wrapped.toString('base64'), sealed: seal(key, gzipSync(JSON.stringify(content)), CONTEXT).toString('base64'),
  };
  return JSON.stringify(file);
}

/** Stores the memories of an export that this space does not have, all or none. @throws SomnusError `locked` for a wrong passphrase, `corrupt` for a damaged file */
export async function importSpace(writeContext: WriteContext, text: string, passphrase: string): Promise<Imported> {
  const file = parseFile(text);
  const wrap = { kind: 'secret', method: file.method, wrapped: Buffer.from(file.wrapped, 'base64') } as const;
  const key = await unwrapKey(wrap, passphrase, CONTEXT).catch((thrown: unknown) => {
    const cause = toSomnusError(thrown);
    throw cause.code === 'locked' ? new SomnusError('locked', 'Wrong passphrase for this export', { hint: 'Use the passphrase that was given when the file was exported.', cause }) : cause;
  });
  const content = ExportContent.safeParse(JSON.parse(gunzipSync(unseal(key, Buffer.from(file.sealed, 'base64'), CONTEXT)).toString()));
  if (!content.success) throw new SomnusError('corrupt', 'The content of the export is not valid', { cause: content.error });
  return importMemories(writeContext, content.data.memories);
}

/** Stores memories with their ids, which name them within this space only. Skips memories that exist here, by id or by text, and memories that were forgotten here. */
export function importMemories(writeContext: WriteContext, all: readonly Exported[]): Imported {
  const { space, store } = writeContext;
  const vectors = new Map<string, UnitVector>();
  const memories = all.filter(({ id }) => !store.wasForgotten(space.row.id, id)).map(({ vector, ...memory }) => {
    if (vector !== undefined) vectors.set(memory.id, unpackedVector(vector));
    return withoutContent(memory);
  });
  const seen = new Set<string>();
  const amended = new Map<string, Partial<Memory>>();
  /** Whether the memory is already here. If that one has no vector, it gets the vector of the imported one. */
  const isKnown = (memory: Memory, other: Memory | undefined): boolean => {
    const vector = vectors.get(memory.id);
    const record = other === undefined ? undefined : space.recordOf(other.id);
    if (other === undefined || record === undefined) return false;
    if (vector !== undefined && !space.callerVectors.has(record)) {
      vectors.set(other.id, vector);
      amended.set(other.id, {});
    }
    return true;
  };
  const fresh = memories.filter((memory) => {
    if (seen.has(memory.id) || store.find(space.row.id, memory.id) !== undefined) return false;
    seen.add(memory.id);
    const { sourceKey, fingerprint, layer } = newRecord(writeContext, memory);
    if (sourceKey !== undefined && isKnown(memory, firstAtHome(space, store.findBySourceKey(space.row.id, sourceKey), memory))) return false;
    return memory.type === 'conversation' || !isKnown(memory, firstAtHome(space, store.findByFingerprint(space.row.id, fingerprint, layer), memory, vectors.get(memory.id)));
  });
  assertCapacity(writeContext, fresh.length);
  write(writeContext, fresh, amended, vectors);
  return { stored: fresh.length, duplicates: memories.length - fresh.length, forgotten: all.length - memories.length, refused: [] };
}

/** Exports a memory as a Fernet token with a new key. */
export function exportToken(writeContext: WriteContext, id: string): { token: string; key: string } {
  const { space } = writeContext;
  const record = space.recordOf(id);
  if (record === undefined) throw new SomnusError('not_found', `There is no memory ${id}`, { details: { id } });
  const key = newFernetKey();
  recordExport(writeContext, id);
  return { key, token: fernetToken(key, Buffer.from(JSON.stringify(exported(writeContext, record)))) };
}

/** Stores the memory in a token. @throws SomnusError `invalid_request` for a token that is not from Somnus or does not match the key */
export function importToken(writeContext: WriteContext, token: string, key: string): Imported {
  let value: unknown;
  try {
    value = JSON.parse(readFernetToken(key, token).toString());
  } catch (thrown) {
    if (thrown instanceof SomnusError) throw thrown;
    throw new SomnusError('invalid_request', 'The token does not contain a memory', { cause: thrown });
  }
  const memory = Exported.safeParse(value);
  if (!memory.success) throw new SomnusError('invalid_request', 'The token does not contain a memory', { cause: memory.error });
  return importMemories(writeContext, [memory.data]);
}

function exported(writeContext: WriteContext, record: number): Exported {
  const { space: { book, callerVectors } } = writeContext;
  const vector = callerVectors.get(record);
  return { ...withSmallFile(writeContext, book.get(record)), ...vector === undefined ? {} : { vector: packedVector(vector) } };
}

/** A memory with the bytes of its file, if the file is small; a larger file is only named. */
function withSmallFile({ space, store }: WriteContext, memory: Memory): Memory {
  const { attachment } = memory;
  if (attachment?.content === undefined || attachment.content.bytes > MAX_TEXT_BYTES) return memory;
  const parts: Buffer[] = [];
  for (let part = readPart(space, store, attachment.content.of, 0); part !== undefined; part = readPart(space, store, attachment.content.of, parts.length)) parts.push(part);
  return { ...memory, attachment: { ...attachment, data: Buffer.concat(parts).toString('base64') } };
}

/** Removes the reference to bytes in another space, which do not exist here. */
function withoutContent(memory: Memory): Memory {
  if (memory.attachment?.content === undefined) return memory;
  const { content: _content, ...attachment } = memory.attachment;
  return { ...memory, attachment };
}

function parseFile(text: string): z.infer<typeof ExportFile> {
  try {
    return ExportFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new SomnusError('invalid_request', 'Not a Somnus export', { hint: 'To import a chat log, give its format: --format, or POST /v1/memory/import-chat.', cause });
  }
}
