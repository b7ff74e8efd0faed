// Reads the few parts of DNS messages that a forwarding resolver needs; everything else passes through unchanged. Pure; dns-packet does the parsing.
import { decode, encode, RECURSION_AVAILABLE, RECURSION_DESIRED } from 'dns-packet';

export const rcodes = { formatError: 1, serverFailure: 2, nameError: 3, notImplemented: 4, refused: 5 } as const;
export type Rcode = (typeof rcodes)[keyof typeof rcodes];

const headerBytes = 12;

export type Query =
  /** Not a query; no answer is sent. */
  | { kind: 'noise' }
  | { kind: 'bad'; rcode: Rcode }
  | {
    kind: 'query';
    /** Lower case, without the root's dot; '.' for the root. */
    name: string;
    type: string;
    /** The question exactly as in the message; an answer must repeat it. */
    question: Buffer;
  };

/** Parses a message from a guest. Accepts any bytes. */
export function readQuery(message: Buffer): Query {
  if (message.length < headerBytes || (message.readUInt16BE(2) & 0x8000) !== 0) return { kind: 'noise' };
  if ((message.readUInt16BE(2) & 0x7800) !== 0) return { kind: 'bad', rcode: rcodes.notImplemented };
  if (message.readUInt16BE(4) !== 1) return { kind: 'bad', rcode: rcodes.formatError };
  try {
    // Parses the question alone, so that nothing after it can confuse the parser.
    const head = Buffer.from(message);
    head.fill(0, 6, headerBytes);
    const [question] = decode(head).questions ?? [];
    if (!question) return { kind: 'bad', rcode: rcodes.formatError };
    // Encoding it again must give the same bytes: ambiguous names are rejected.
    const written = encode({ type: 'query', questions: [question] }).subarray(headerBytes);
    const given = message.subarray(headerBytes, headerBytes + written.length);
    if (!given.subarray(0, -2).equals(written.subarray(0, -2))) return { kind: 'bad', rcode: rcodes.formatError };
    return { kind: 'query', name: question.name === '.' ? '.' : question.name.toLowerCase(), type: question.type, question: given };
  } catch {
    return { kind: 'bad', rcode: rcodes.formatError };
  }
}

/** Returns an answer that contains only an error. */
export function errorAnswer(message: Buffer, query: Query, rcode: Rcode): Buffer {
  const flags = RECURSION_AVAILABLE | (message.readUInt16BE(2) & RECURSION_DESIRED) | rcode;
  const header = encode({ type: 'response', id: message.readUInt16BE(0), flags, questions: [] });
  if (query.kind !== 'query') return header;
  header.writeUInt16BE(1, 4);
  return Buffer.concat([header, query.question]);
}

/** Returns our own answer: the address, or no record if another type was requested. */
export function addressAnswer(message: Buffer, query: Query & { kind: 'query' }, ip: string): Buffer {
  const answer = errorAnswer(message, query, 0 as Rcode);
  if (query.type !== 'A') return answer;
  answer.writeUInt16BE(1, 6);
  // The name refers to the question (RFC 1035 §4.1.4); type A, class IN, TTL one minute.
  return Buffer.concat([answer, Buffer.from([0xc0, headerBytes, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...ip.split('.').map(Number)])]);
}

/** Whether a message answers this question under this id. */
export function isAnswerTo(message: Buffer, id: number, question: Buffer): boolean {
  if (message.length < headerBytes + question.length || message.readUInt16BE(0) !== id || (message.readUInt16BE(2) & 0x8000) === 0) return false;
  // Servers may change the case of a name.
  const lower = (bytes: Buffer): string => bytes.toString('latin1').toLowerCase();
  return lower(message.subarray(headerBytes, headerBytes + question.length)) === lower(question);
}

/** Returns the message with another id. */
export function withId(message: Buffer, id: number): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(id, 0);
  return copy;
}
