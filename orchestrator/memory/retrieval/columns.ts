// Typed columns: growing ones in memory, and their packed form in a sealed index segment. Independent of their meaning.
import { SomnusError } from '../../../common/errors.ts';

export type Values = Int8Array | Uint8Array | Int32Array | Uint32Array | Float32Array | Float64Array;

const KINDS = { i8: Int8Array, u8: Uint8Array, i32: Int32Array, u32: Uint32Array, f32: Float32Array, f64: Float64Array } as const;
type Kind = keyof typeof KINDS;
const ALIGNMENT = 8;

/** A typed array that grows by doubling. `values` may be longer than `length`, and is replaced when the column grows: do not keep a reference. */
export class Column<V extends Values> {
  values: V;
  length = 0;

  constructor(empty: V) {
    this.values = empty;
  }

  push(value: number): void {
    this.#reserve(this.length + 1);
    this.values[this.length] = value;
    this.length += 1;
  }

  append(more: Values): void {
    this.#reserve(this.length + more.length);
    this.values.set(more, this.length);
    this.length += more.length;
  }

  /** A copy of the values from `first` up to but without `end`. */
  slice(first: number, end: number): V {
    return this.values.slice(first, end) as V;
  }

  #reserve(size: number): void {
    if (size <= this.values.length) return;
    const Constructor = this.values.constructor as new (length: number) => V;
    const grown = new Constructor(Math.max(size, 256, this.values.length * 2));
    grown.set(this.values);
    this.values = grown;
  }
}

interface Header { strings: Record<string, string[]>; arrays: { name: string; kind: Kind; length: number }[] }

/** Packs named arrays and lists of strings into one buffer that `unpackColumns` reads without copying. */
export function packColumns(arrays: Record<string, Values>, strings: Record<string, string[]>): Buffer {
  const header: Header = {
    strings,
    arrays: Object.entries(arrays).map(([name, values]) => ({ name, kind: kindOf(values), length: values.length })),
  };
  const json = Buffer.from(JSON.stringify(header));
  const parts: Buffer[] = [Buffer.alloc(4), json];
  parts[0]!.writeUInt32LE(json.length);
  let size = 4 + json.length;
  for (const values of Object.values(arrays)) {
    const padding = (ALIGNMENT - size % ALIGNMENT) % ALIGNMENT;
    parts.push(Buffer.alloc(padding), Buffer.from(values.buffer, values.byteOffset, values.byteLength));
    size += padding + values.byteLength;
  }
  return Buffer.concat(parts);
}

export class PackedColumns {
  readonly strings: Record<string, string[]>;
  readonly #arrays: Map<string, Values>;

  constructor(bytes: Buffer) {
    const aligned = bytes.byteOffset % ALIGNMENT === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer);
    const headerEnd = 4 + aligned.readUInt32LE(0);
    const header = JSON.parse(aligned.toString('utf8', 4, headerEnd)) as Header;
    this.strings = header.strings;
    this.#arrays = new Map();
    let at = headerEnd;
    for (const { name, kind, length } of header.arrays) {
      at += (ALIGNMENT - at % ALIGNMENT) % ALIGNMENT;
      const values = new KINDS[kind](aligned.buffer as ArrayBuffer, aligned.byteOffset + at, length);
      this.#arrays.set(name, values);
      at += values.byteLength;
    }
  }

  /** Returns a view of a column. @throws SomnusError `corrupt` when no column has this name and kind */
  get<V extends Values>(name: string, Constructor: new (length: number) => V): V {
    const values = this.#arrays.get(name);
    if (!(values instanceof Constructor)) throw new SomnusError('corrupt', `An index segment has no column ${name}`);
    return values;
  }
}

function kindOf(values: Values): Kind {
  const found = Object.entries(KINDS).find(([, constructor]) => values instanceof constructor);
  return (found?.[0] ?? 'u8') as Kind;
}
