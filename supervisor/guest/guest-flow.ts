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

/**
 * Lets everything else have its turn after each `bytesPerTurn` read, and reads nothing more from one that does not take what it is sent: its requests make answers, which would
 * pile up here.
 */
export function takeTurns(socket: Socket, { bytesPerTurn, mostUnreadBytes }: { bytesPerTurn: number; mostUnreadBytes: number }): void {
  let read = 0;
  const resume = (): void => {
    read = 0;
    if (socket.writableLength <= mostUnreadBytes) socket.resume();
    else socket.once('drain', resume);
  };
  socket.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (socket.isPaused() || (read < bytesPerTurn && socket.writableLength <= mostUnreadBytes)) return;
    socket.pause();
    setImmediate(resume);
  });
}
