// Limits what one guest's connection costs the control plane: memory, and time that other connections wait. A guest is not trusted to stop.
import type { Socket } from 'node:net';

/** Reads at most at this rate, after a burst; for an exchange of short lines. What the guest sends beyond that stays in the guest. */
export function limitRate(socket: Socket, { burstBytes, bytesPerSecond }: { burstBytes: number; bytesPerSecond: number }): void {
  let [budget, atMs] = [burstBytes, performance.now()];
  let pause: NodeJS.Timeout | undefined;
  socket.on('data', (chunk: Buffer) => {
    const nowMs = performance.now();
    budget = Math.min(burstBytes, budget + ((nowMs - atMs) / 1000) * bytesPerSecond) - chunk.length;
    atMs = nowMs;
    if (budget >= 0) return;
    socket.pause();
    clearTimeout(pause);
    pause = setTimeout(() => socket.resume(), (-budget / bytesPerSecond) * 1000);
  });
  socket.once('close', () => clearTimeout(pause));
}

/** A chunk that takes more CPU time than this is followed by a pause of nine times as long: small packets cost a hundred times as much as bulk data. */
const EXPENSIVE_TURN_MS = 5;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Yields to everything else after each chunk that is read, for longer after an expensive one, and stops reading from a peer that does not read what
 * it is sent, because answers to its requests would pile up here.
 */
export function yieldBetweenChunks(socket: Socket, { mostUnreadBytes }: { mostUnreadBytes: number }): void {
  let pause: NodeJS.Timeout | undefined;
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
      if (tookMs < EXPENSIVE_TURN_MS && socket.writableLength <= mostUnreadBytes) return;
      socket.pause();
      pause = setTimeout(resume, tookMs < EXPENSIVE_TURN_MS ? 0 : Math.min(9 * tookMs, LONGEST_PAUSE_MS));
    });
  });
  socket.once('close', () => clearTimeout(pause));
}
