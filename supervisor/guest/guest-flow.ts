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

/**
 * The CPU time that one connection may use: a share of a CPU, after a burst. Only the cost of small packets counts, which cost a hundred times as much per byte as bulk data;
 * bulk transfers cost less than `BULK_MS_PER_MIB` even on a host three times as slow as the one where this was measured (3 to 13 ms per MiB).
 */
const CPU_SHARE = 0.1;
const BURST_MS = 100;
const BULK_MS_PER_MIB = 40;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Yields to everything else after each chunk that is read (libuv alone would read 2 MiB first), pauses a connection whose packets use more CPU time than its share, and
 * stops reading from a peer that does not read what it is sent, because answers to its requests would pile up here.
 */
export function yieldBetweenChunks(socket: Socket, { mostUnreadBytes }: { mostUnreadBytes: number }): void {
  let [owedMs, atMs] = [0, performance.now()];
  let pause: NodeJS.Timeout | undefined;
  const resume = (): void => {
    if (socket.writableLength <= mostUnreadBytes) socket.resume();
    else socket.once('drain', resume);
  };
  socket.prependListener('data', (chunk: Buffer) => {
    const before = process.threadCpuUsage();
    socket.pause();
    // After all listeners, and before anything else. The kernel reports a thread's time in whole ticks, which is correct on average.
    process.nextTick(() => {
      const { user, system } = process.threadCpuUsage(before);
      const nowMs = performance.now();
      owedMs = Math.max(0, owedMs - (nowMs - atMs) * CPU_SHARE + (user + system) / 1000 - (chunk.length / 1_048_576) * BULK_MS_PER_MIB);
      atMs = nowMs;
      if (owedMs <= BURST_MS) setImmediate(resume);
      else pause = setTimeout(resume, Math.min((owedMs - BURST_MS) / CPU_SHARE, LONGEST_PAUSE_MS));
    });
  });
  socket.once('close', () => clearTimeout(pause));
}
