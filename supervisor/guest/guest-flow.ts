// Bounds what one guest's connection costs the control plane: memory, and the time that others wait for their turn. A guest is not trusted to stop.
import type { Socket } from 'node:net';

/** Reads on only as fast as this, after a burst: for a conversation of short lines. What the guest sends beyond that waits in the guest. */
export function limitRate(socket: Socket, { burstBytes, bytesPerSecond }: { burstBytes: number; bytesPerSecond: number }): void {
  let [left, atMs] = [burstBytes, performance.now()];
  let pause: NodeJS.Timeout | undefined;
  socket.on('data', (chunk: Buffer) => {
    const nowMs = performance.now();
    left = Math.min(burstBytes, left + ((nowMs - atMs) / 1000) * bytesPerSecond) - chunk.length;
    atMs = nowMs;
    if (left >= 0) return;
    socket.pause();
    clearTimeout(pause);
    pause = setTimeout(() => socket.resume(), (-left / bytesPerSecond) * 1000);
  });
  socket.once('close', () => clearTimeout(pause));
}

/** A turn that takes more CPU time than this is followed by a rest of nine times as long: small packets cost a hundred times what bulk data does. */
const DEAR_TURN_MS = 5;
const LONGEST_REST_MS = 2_000;

/**
 * Lets everything else have its turn after each chunk that is read, longer after one that was dear, and reads nothing more from one that does not take what it is sent: its
 * requests make answers, which would pile up here.
 */
export function takeTurns(socket: Socket, { mostUnreadBytes }: { mostUnreadBytes: number }): void {
  let rest: NodeJS.Timeout | undefined;
  let inTurn = false;
  const resume = (): void => {
    if (socket.writableLength <= mostUnreadBytes) socket.resume();
    else socket.once('drain', resume);
  };
  socket.on('data', () => {
    if (inTurn) return;
    inTurn = true;
    const before = process.cpuUsage();
    setImmediate(() => {
      inTurn = false;
      const { user, system } = process.cpuUsage(before);
      const tookMs = (user + system) / 1000;
      if (tookMs < DEAR_TURN_MS && socket.writableLength <= mostUnreadBytes) return;
      socket.pause();
      rest = setTimeout(resume, tookMs < DEAR_TURN_MS ? 0 : Math.min(9 * tookMs, LONGEST_REST_MS));
    });
  });
  socket.once('close', () => clearTimeout(rest));
}
