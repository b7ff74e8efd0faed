// A process of its own, with the lowest priority, that reads files through and tells their CRC-32: neither the control plane nor a VM is to wait for it.
// It is told what to read in one line of JSON on standard input, answers in lines of JSON, and ends with its parent.
import { basename, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import { runCommand } from '../../common/run-command.ts';
import { sparseCrc32 } from '../../images/sparse-checksum.ts';
import type { ChecksumAnswer, ChecksumTask } from './checksum-process.ts';

const say = (answer: ChecksumAnswer): void => { process.stdout.write(`${JSON.stringify(answer)}\n`); };
const input = createInterface({ input: process.stdin });
input.once('line', (line) => { void work(JSON.parse(line) as ChecksumTask).finally(() => process.exit()); });
input.once('close', () => process.exit()); // the parent has gone
process.stdout.once('error', () => process.exit()); // so it has

async function work({ paths, bytesPerSecond }: ChecksumTask): Promise<void> {
  for (const path of paths) {
    const startedAt = performance.now();
    try {
      const crc32 = await sparseCrc32(path, {
        onRead: async (readBytes, ofBytes) => {
          say({ path, readBytes, ofBytes });
          const earlyMs = bytesPerSecond === null ? 0 : startedAt + (readBytes / bytesPerSecond) * 1_000 - performance.now();
          if (earlyMs > 0) await delay(earlyMs);
        },
      });
      say({ path, crc32 });
    } catch (error) {
      say({ path, error: (error as Error).message });
    }
    // What nobody will read again soon is not to push other things out of the host's page cache.
    await runCommand('dd', [`if=${basename(path)}`, 'iflag=nocache', 'count=0', 'status=none'], { cwd: dirname(path) }).catch(() => {});
  }
}
