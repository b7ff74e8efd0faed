// Files as memories: receives files part by part, extracts their text, stores both, and returns the bytes part by part. Only the reader, and the redaction of a text file, hold a whole file in memory.
import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { SomnusError } from '../../../common/errors.ts';
import { redact } from '../../../common/redact.ts';
import type { Caller } from '../../keys/caller.ts';
import type { DocumentReader } from '../../reading/documents/document-reader.ts';
import { visible, type MemoryAccess } from '../memory-access.ts';
import type { Attachment, Memory } from '../memory.ts';
import { Remembered, RememberInput, type ToRemember } from '../remembering.ts';
import { newMemoryId, parsed, SpaceRef } from '../spaces.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import { readPart, sealPart, sha256 } from './attached-bytes.ts';
import { textOfFile } from './file-text.ts';

export const FileInput = RememberInput.omit({ attachment: true }).extend({
  /** Can be searched together with the text of the file. */
  text: z.string().default(''),
  /** If omitted: code_snippet for source code, otherwise document. */
  type: RememberInput.shape.type.unwrap().optional(),
  name: z.string().min(1).max(255).optional(),
  mediaType: z.string().max(255).optional(),
  /** What an image shows. Can be searched like text. */
  caption: z.string().max(2000).optional(),
});
export type FileInput = z.input<typeof FileInput>;

export const RememberedFile = Remembered.extend({
  mediaType: z.string(),
  bytes: z.int(),
  letters: z.int().meta({ description: 'How many characters of text can be searched.' }),
  warnings: z.array(z.string()).meta({ description: 'What could not be read or redacted.' }),
});
export type RememberedFile = z.infer<typeof RememberedFile>;

export interface StoredFile { name: string | undefined; mediaType: string | undefined; bytes: number }

interface Upload { user: string; keyId: string; input: z.output<typeof FileInput>; sha256: Hash; bytes: number; parts: number; activeAtMs: number }

export interface MemoryFilesOptions {
  access: MemoryAccess;
  store: MemoryStore;
  /** If omitted, only the commands in memory.yaml read files. */
  reader: DocumentReader | undefined;
  remember: (caller: Caller, input: ToRemember) => Remembered;
  now: () => number;
}

/** Secrets are redacted in text files of up to this size; larger ones are stored unchanged. */
const MAX_REDACTED_BYTES = 64 * 2 ** 20;
const PART_BYTES = 2 ** 20;
const MAX_UPLOADS = 64;
const MAX_UPLOADS_PER_KEY = 8;
/** Announced files whose next part does not arrive within this time are dropped. */
const UPLOAD_IDLE_MS = 10 * 60_000;

export class MemoryFiles {
  readonly #options: MemoryFilesOptions;
  readonly #uploads = new Map<string, Upload>();

  constructor(options: MemoryFilesOptions) {
    this.#options = options;
  }

  /** Announces a file; its parts follow, then `rememberFile`. @throws SomnusError `unavailable` when too many are being received */
  beginFile(caller: Caller, input: FileInput): { id: string } {
    const request = parsed(FileInput, input);
    this.#options.access.writing(caller, request.space);
    const nowMs = this.#options.now();
    for (const [id, upload] of this.#uploads) if (nowMs - upload.activeAtMs > UPLOAD_IDLE_MS) this.#drop(id, upload);
    const mine = [...this.#uploads.values()].filter(({ keyId }) => keyId === caller.keyId).length;
    if (mine >= MAX_UPLOADS_PER_KEY || this.#uploads.size >= MAX_UPLOADS) throw new SomnusError('unavailable', 'Too many files are being received', { hint: 'Try again when the others are stored; files of which nothing arrives for ten minutes are dropped.' });
    const id = newMemoryId(nowMs);
    this.#uploads.set(id, { user: caller.user, keyId: caller.keyId, input: request, sha256: createHash('sha256'), bytes: 0, parts: 0, activeAtMs: nowMs });
    return { id };
  }

  /** Adds the next part, numbered from 0. @throws SomnusError `too_large`, `quota_exceeded` beyond the limits in memory.yaml; `invalid_request` for a part with another number, because two requests send the same file */
  addToFile(caller: Caller, id: string, number: number, bytes: Uint8Array): void {
    const { access, store } = this.#options;
    const upload = this.#upload(caller, id);
    if (number !== upload.parts) throw new SomnusError('invalid_request', `Another request is sending the file ${id}`, { details: { id } });
    const { space, config } = access.writing(caller, upload.input.space);
    const { maxFileBytes, maxFilesBytes } = config.storage;
    if (upload.bytes + bytes.byteLength > maxFileBytes) throw new SomnusError('too_large', `The file is larger than ${maxFileBytes} bytes`, { hint: 'Increase storage.maxFileBytes in memory.yaml.' });
    if (store.partBytes(space.row.id) + bytes.byteLength > maxFilesBytes) throw new SomnusError('quota_exceeded', 'The files of this memory space have reached their maximum total size', { hint: 'Forget some memories that have files, or increase storage.maxFilesBytes in memory.yaml.' });
    store.addPart(space.row.id, id, sealPart(space, id, upload.parts, bytes));
    upload.sha256.update(bytes);
    upload.bytes += bytes.byteLength;
    upload.parts += 1;
    upload.activeAtMs = this.#options.now();
  }

  /** Reads the file's text and stores the memory. @throws SomnusError as `remember`; `unavailable` when too many files wait to be read. If it throws, the file is removed. */
  async rememberFile(caller: Caller, id: string): Promise<RememberedFile> {
    const { access, store, reader, remember } = this.#options;
    const upload = this.#upload(caller, id);
    const { input } = upload;
    const { space, config } = access.writing(caller, input.space);
    this.#uploads.delete(id);
    space.working += 1;
    try {
      const { text, mediaType, isCode, isText, warnings } = await textOfFile(() => this.#content(caller, input.space, id), input, config.files, reader);
      const redacted = isText ? this.#redacted(caller, id, upload) : undefined;
      const content = { of: id, ...redacted ?? { bytes: upload.bytes, sha256: upload.sha256.digest('hex') } };
      const { space: name, name: fileName, mediaType: _declared, caption, text: note, type, ...rest } = input;
      const attachment: Attachment = { kind: mediaType.startsWith('image/') ? 'image' : isCode ? 'code' : 'file', mediaType, ...fileName === undefined ? {} : { name: fileName }, ...caption === undefined ? {} : { caption } };
      const body = [note, text].filter((part) => part.trim() !== '').join('\n\n');
      const stored = remember(caller, {
        ...rest, space: name, type: type ?? (isCode ? 'code_snippet' : 'document'), attachment, text: body === '' && caption === undefined ? fileName ?? 'A file without a name.' : body, file: { id, content },
      });
      if (stored.id !== id) store.removeParts(space.row.id, id);
      const stays = stored.redactedSecrets > 0 && redacted === undefined ? [`The text is stored without ${stored.redactedSecrets} secrets, but the file itself contains them.`] : [];
      return { ...stored, mediaType, bytes: content.bytes, letters: text.length, warnings: [...warnings, ...stays] };
    } catch (error) {
      store.removeParts(space.row.id, id);
      throw error;
    } finally {
      space.working -= 1;
    }
  }

  /** Drops a file that was announced but is not stored yet. Repeatable. */
  dropFile(caller: Caller, id: string): void {
    const upload = this.#uploads.get(id);
    if (upload?.user === caller.user && upload.keyId === caller.keyId) this.#drop(id, upload);
  }

  /** Describes the attachment of a memory. @throws SomnusError `not_found` */
  file(caller: Caller, id: string, input: SpaceRef = {}): StoredFile {
    const { attachment } = this.#attached(caller, id, input);
    return { name: attachment.name, mediaType: attachment.mediaType, bytes: attachment.content?.bytes ?? Buffer.from(attachment.data ?? '', 'base64').length };
  }

  /** One part of the attachment, numbered from 0; undefined after the last. @throws SomnusError `not_found`, `corrupt` */
  filePart(caller: Caller, id: string, number: number, input: SpaceRef = {}): Uint8Array | undefined {
    const { attachment } = this.#attached(caller, id, input);
    const { space } = this.#options.access.enter(caller, parsed(SpaceRef, input).space);
    if (attachment.content === undefined) return number === 0 ? Buffer.from(attachment.data ?? '', 'base64') : undefined; // stored by 0.1.0
    return readPart(space, this.#options.store, attachment.content.of, number);
  }

  #attached(caller: Caller, id: string, input: SpaceRef): Memory & { attachment: Attachment } {
    const { space, scope } = this.#options.access.enter(caller, parsed(SpaceRef, input).space);
    const memory = visible(space, scope, id);
    const { attachment } = memory;
    if (attachment === undefined || (attachment.content === undefined && attachment.data === undefined)) throw new SomnusError('not_found', `No file is attached to ${id}`, { details: { id } });
    return { ...memory, attachment };
  }

  #upload(caller: Caller, id: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload?.user !== caller.user || upload.keyId !== caller.keyId) throw new SomnusError('not_found', `No file ${id} was announced`, { hint: 'Announce it with POST /v1/memory/files first.', details: { id } });
    return upload;
  }

  #drop(id: string, { user, input }: Upload): void {
    this.#uploads.delete(id);
    const row = this.#options.store.spacesOf(user).find(({ name }) => name === input.space);
    if (row !== undefined) this.#options.store.removeParts(row.id, id);
  }

  #content(caller: Caller, spaceName: string, id: string): Readable {
    const { access, store } = this.#options;
    const { space } = access.enter(caller, spaceName);
    return Readable.from((function* parts() {
      for (let number = 0; ; number += 1) {
        const part = readPart(space, store, id, number);
        if (part === undefined) return;
        yield part;
      }
    })());
  }

  /** Stores a text file again without its secrets; undefined if it has none, or turns out not to be text. */
  #redacted(caller: Caller, id: string, { input, bytes }: Upload): { bytes: number; sha256: string } | undefined {
    const { access, store } = this.#options;
    const { space, config } = access.writing(caller, input.space);
    if (!config.privacy.redactSecrets || bytes > MAX_REDACTED_BYTES) return undefined;
    const parts: Buffer[] = [];
    for (let part = readPart(space, store, id, 0); part !== undefined; part = readPart(space, store, id, parts.length)) parts.push(part);
    const whole = Buffer.concat(parts);
    if (whole.subarray(0, 4096).includes(0)) return undefined;
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(whole);
    } catch {
      return undefined;
    }
    const found = redact(text);
    if (found.secrets === 0) return undefined;
    const clean = Buffer.from(found.text);
    store.removeParts(space.row.id, id);
    for (let at = 0, number = 0; at < clean.length; at += PART_BYTES, number += 1) store.addPart(space.row.id, id, sealPart(space, id, number, clean.subarray(at, at + PART_BYTES)));
    return { bytes: clean.length, sha256: sha256(clean) };
  }
}
