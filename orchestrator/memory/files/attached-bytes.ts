// The bytes of attached files: stored outside the records, sealed part by part under the id of the memory that they belong to. Records contain their size and digest.
import { createHash } from 'node:crypto';
import type { SpaceKeys } from '../crypto/seal.ts';
import type { Memory } from '../memory.ts';
import type { MemoryStore, SealedPart, SpaceRow } from '../store/memory-store.ts';

interface Sealing { readonly row: SpaceRow; readonly keys: SpaceKeys }

/** Seals one part. The seal includes its number and its memory, so that no other part can replace it. */
export function sealPart({ row, keys }: Sealing, memoryId: string, number: number, bytes: Uint8Array): SealedPart {
  return { number, bytes: bytes.byteLength, sealed: keys.seal(bytes, partContext(row.id, memoryId, number)) };
}

/** One part, or undefined after the last. @throws SomnusError `corrupt` */
export function readPart({ row, keys }: Sealing, store: MemoryStore, memoryId: string, number: number): Buffer | undefined {
  const sealed = store.readPart(row.id, memoryId, number);
  return sealed && keys.unseal(sealed, partContext(row.id, memoryId, number));
}

/** Separates a memory from the bytes of its attachment. */
export function withPart(sealing: Sealing, memory: Memory): { memory: Memory; parts: readonly SealedPart[] } {
  if (memory.attachment?.data === undefined) return { memory, parts: [] };
  const { data, ...attachment } = memory.attachment;
  const bytes = Buffer.from(data, 'base64');
  return {
    memory: { ...memory, attachment: { ...attachment, content: { of: memory.id, bytes: bytes.length, sha256: sha256(bytes) } } },
    parts: [sealPart(sealing, memory.id, 0, bytes)],
  };
}

/** The digest of the attachment of a memory; undefined if it has none. */
export function attachedDigest({ attachment }: Pick<Memory, 'attachment'>): string | undefined {
  return attachment?.content?.sha256 ?? (attachment?.data === undefined ? undefined : sha256(Buffer.from(attachment.data, 'base64')));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function partContext(spaceId: string, memoryId: string, number: number): string {
  return `part ${number} of the file of ${memoryId} of ${spaceId}`;
}
