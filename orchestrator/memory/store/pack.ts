// The content of a pack: many memories in one sealed blob, with the few columns that unlocking needs of all of them. Texts are parsed on demand.
import { SomnusError } from '../../../common/errors.ts';
import { packColumns, PackedColumns } from '../retrieval/columns.ts';
import { Importance, Layer, MemoryType, memoryFromJson, type Memory } from '../memory.ts';
import type { UnitVector } from '../vectors/caller-vectors.ts';

export interface Packable { seq: number; memory: Memory; expiresAtMs: number | undefined; vector: UnitVector | undefined }

/** The callers' vectors of one model and length in a pack: the items that have them, and all values. */
export interface PackedVectors { model: string; items: Int32Array; values: Float32Array }

/** Layer and type in one byte, as stored in the pack. */
export function kindOf(memory: Pick<Memory, 'layer' | 'type'>): number {
  return Layer.options.indexOf(memory.layer) * 16 + MemoryType.options.indexOf(memory.type);
}

export function readKind(kind: number): { layer: Layer; type: MemoryType } {
  return { layer: Layer.options[kind >> 4]!, type: MemoryType.options[kind & 15]! };
}

export function importanceNumber(importance: Importance): number {
  return Importance.options.indexOf(importance);
}

export function packMemories(items: readonly Packable[]): Buffer {
  return packRows(items.map(({ seq, memory, expiresAtMs, vector }) => ({
    seq, expires: expiresAtMs ?? Infinity, time: Date.parse(memory.occurredAt), kind: kindOf(memory), importance: importanceNumber(memory.importance),
    conversation: memory.conversationId, environment: memory.environmentId, text: Buffer.from(JSON.stringify(memory)), vector,
  })));
}

interface Row { seq: number; expires: number; time: number; kind: number; importance: number; conversation: string | undefined; environment: string | undefined; text: Uint8Array; vector: UnitVector | undefined }

function packRows(rows: readonly Row[]): Buffer {
  const conversations = [...new Set(rows.map(({ conversation }) => conversation).filter((id) => id !== undefined))];
  const environments = [...new Set(rows.map(({ environment }) => environment).filter((id) => id !== undefined))];
  const vectors = vectorsOf(rows);
  let end = 0;
  const ends = Uint32Array.from(rows, ({ text }) => end += text.length);
  return packColumns({
    seqs: Float64Array.from(rows, ({ seq }) => seq),
    expires: Float64Array.from(rows, ({ expires }) => expires),
    times: Float64Array.from(rows, ({ time }) => time),
    kinds: Uint8Array.from(rows, ({ kind }) => kind),
    importances: Uint8Array.from(rows, ({ importance }) => importance),
    conversations: Int32Array.from(rows, ({ conversation }) => conversations.indexOf(conversation ?? '')),
    environments: Int32Array.from(rows, ({ environment }) => environments.indexOf(environment ?? '')),
    ends,
    texts: Buffer.concat(rows.map(({ text }) => text)),
    ...Object.fromEntries(vectors.flatMap((one, i) => [[`vectorItems${i}`, one.items], [`vectors${i}`, one.values]])),
  }, { conversations, environments, ...vectors.length === 0 ? {} : { vectorModels: vectors.map(({ model }) => model) } });
}

function vectorsOf(rows: readonly Row[]): PackedVectors[] {
  const given = rows.map(({ vector }, item) => ({ vector, item })).filter((one): one is { vector: UnitVector; item: number } => one.vector !== undefined);
  return [...Map.groupBy(given, ({ vector: { model, values } }) => `${values.length} ${model}`).values()].map((group) => {
    const { model, values: { length } } = group[0]!.vector;
    const values = new Float32Array(group.length * length);
    group.forEach(({ vector }, i) => values.set(vector.values, i * length));
    return { model, items: Int32Array.from(group, ({ item }) => item), values };
  });
}

export class UnpackedMemories {
  readonly seqs: Float64Array;
  readonly expires: Float64Array;
  readonly times: Float64Array;
  readonly kinds: Uint8Array;
  readonly importances: Uint8Array;
  /** Number of each memory's conversation in `conversationNames`, or -1. */
  readonly conversations: Int32Array;
  readonly conversationNames: readonly string[];
  readonly vectors: readonly PackedVectors[];
  /** The environment of each memory. */
  readonly environments: readonly (string | undefined)[];
  readonly #ends: Uint32Array;
  readonly #texts: Buffer;

  constructor(bytes: Buffer) {
    const columns = new PackedColumns(bytes);
    this.seqs = columns.get('seqs', Float64Array);
    this.expires = columns.get('expires', Float64Array);
    this.kinds = columns.get('kinds', Uint8Array);
    this.importances = columns.get('importances', Uint8Array);
    this.conversations = columns.get('conversations', Int32Array);
    this.conversationNames = columns.strings['conversations'] ?? [];
    this.#ends = columns.get('ends', Uint32Array);
    const texts = columns.get('texts', Uint8Array);
    this.#texts = Buffer.from(texts.buffer, texts.byteOffset, texts.byteLength);
    this.vectors = (columns.strings['vectorModels'] ?? []).map((model, i) => ({ model, items: columns.get(`vectorItems${i}`, Int32Array), values: columns.get(`vectors${i}`, Float32Array) }));
    // Packs written by 0.1.0 have no times and environments.
    const names = columns.strings['environments'];
    this.times = names === undefined ? Float64Array.from(this.seqs, (_, i) => Date.parse(this.memory(i).occurredAt)) : columns.get('times', Float64Array);
    this.environments = names === undefined ? Array.from(this.seqs, (_, i) => this.memory(i).environmentId) : Array.from(columns.get('environments', Int32Array), (number) => names[number]);
  }

  get bytes(): number {
    return this.#texts.length;
  }

  get size(): number {
    return this.seqs.length;
  }

  /** Parses one memory. @throws SomnusError `corrupt` */
  memory(index: number): Memory {
    try {
      return memoryFromJson(this.#text(index).toString());
    } catch (cause) {
      throw new SomnusError('corrupt', 'A packed memory cannot be read', { cause });
    }
  }

  /** The content of a pack with only the memories that have a 1 in `keeps`. Does not parse their texts. */
  repacked(keeps: Uint8Array): Buffer {
    const vectors = this.#vectorsByItem();
    const rows = Array.from(this.seqs, (seq, i): Row => ({
      seq, expires: this.expires[i]!, time: this.times[i]!, kind: this.kinds[i]!, importance: this.importances[i]!,
      conversation: this.conversationNames[this.conversations[i]!], environment: this.environments[i], text: this.#text(i), vector: vectors.get(i),
    }));
    return packRows(rows.filter((_, i) => keeps[i] === 1));
  }

  #vectorsByItem(): Map<number, UnitVector> {
    return new Map(this.vectors.flatMap(({ model, items, values }) => {
      const length = values.length / items.length;
      return Array.from(items, (item, i): [number, UnitVector] => [item, { model, values: values.subarray(i * length, (i + 1) * length) }]);
    }));
  }

  #text(index: number): Buffer {
    return this.#texts.subarray(index === 0 ? 0 : this.#ends[index - 1]!, this.#ends[index]!);
  }

  /** Every memory with its columns in the pack. */
  items(): Packable[] {
    const vectors = this.#vectorsByItem();
    return Array.from(this.seqs, (seq, i) => ({ seq, memory: this.memory(i), expiresAtMs: this.expires[i] === Infinity ? undefined : this.expires[i], vector: vectors.get(i) }));
  }
}
