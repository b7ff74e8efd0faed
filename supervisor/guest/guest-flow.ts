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
 * CPU time that one connection may take: a share of a CPU, after a burst. Only what small packets cost counts, which is a hundred times what bulk data costs by the byte; a
 * transfer stays below `BULK_MS_PER_MIB` on a host three times slower than the one where it was measured (3 to 13 ms per MiB).
 */
const CPU_SHARE = 0.1;
const BURST_MS = 100;
const BULK_MS_PER_MIB = 40;
const LONGEST_REST_MS = 2_000;

/**
 * Gives everything else its turn after each chunk that is read (libuv alone would read 2 MiB before that), pauses a connection whose packets cost more CPU time than its
 * share, and reads nothing more from one that does not take what it is sent: its requests make answers, which would pile up here.
 */
export function takeTurns(socket: Socket, { mostUnreadBytes }: { mostUnreadBytes: number }): void {
  let [owedMs, atMs] = [0, performance.now()];
  let rest: NodeJS.Timeout | undefined;
  const resume = (): void => {
    if (socket.writableLength <= mostUnreadBytes) socket.resume();
    else socket.once('drain', resume);
  };
  socket.prependListener('data', (chunk: Buffer) => {
    const before = process.threadCpuUsage();
    socket.pause();
    // After all listeners, and before anything else. The kernel says a thread's time by the tick, which is right on average.
    process.nextTick(() => {
      const { user, system } = process.threadCpuUsage(before);
      const nowMs = performance.now();
      owedMs = Math.max(0, owedMs - (nowMs - atMs) * CPU_SHARE + (user + system) / 1000 - (chunk.length / 1_048_576) * BULK_MS_PER_MIB);
      atMs = nowMs;
      if (owedMs <= BURST_MS) setImmediate(resume);
      else rest = setTimeout(resume, Math.min((owedMs - BURST_MS) / CPU_SHARE, LONGEST_REST_MS));
    });
  });
  socket.once('close', () => clearTimeout(rest));
}
