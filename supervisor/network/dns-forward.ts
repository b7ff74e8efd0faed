// Queries a name server on behalf of a guest, over UDP or TCP, and accepts only answers to that question.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6, type Socket } from 'node:net';
import { isAnswerTo, withId } from './dns-packet-messages.ts';

export interface ForwardOptions {
  message: Buffer;
  question: Buffer;
  server: { address: string; port: number };
  signal: AbortSignal;
}

/** @throws when the signal fires or the server cannot be queried */
export async function forwardByUdp({ message, question, server, signal }: ForwardOptions): Promise<Buffer> {
  const id = randomInt(65_536);
  const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  socket.on('error', reject);
  socket.on('message', (answer) => { if (isAnswerTo(answer, id, question)) resolve(withId(answer, message.readUInt16BE(0))); });
  try {
    // A connected socket receives only from that server, on its own port.
    socket.connect(server.port, server.address, () => socket.send(withId(message, id), (error) => { if (error) reject(error); }));
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.close();
  }
}

/** @throws when the signal fires or the server cannot be queried */
export async function forwardByTcp({ message, question, server, signal }: ForwardOptions): Promise<Buffer> {
  const socket = connect({ host: server.address, port: server.port, signal });
  try {
    socket.write(framed(message));
    for await (const answer of messagesOf(socket)) {
      if (isAnswerTo(answer, message.readUInt16BE(0), question)) return answer;
    }
    throw new Error('the name server closed the connection');
  } finally {
    socket.destroy();
  }
}

/** Prefixes a message with its length, as DNS over TCP requires. */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** Yields the messages that arrive on a TCP connection, until it ends. */
export async function* messagesOf(socket: Socket): AsyncGenerator<Buffer> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      yield pending.subarray(2, end);
      pending = pending.subarray(end);
    }
  }
}
