// A separate process with the lowest priority that reads files and computes their CRC-32, so that neither the control plane nor a VM has to wait. It
// reads its task as one line of JSON on standard input, answers with lines of JSON, and exits with its parent.
import { basename, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import { runCommand } from '../../common/run-command.ts';
import { sparseCrc32 } from '../../images/sparse-checksum.ts';
import type { ChecksumAnswer, ChecksumTask } from './checksum-process.ts';

const send = (answer: ChecksumAnswer): void => { process.stdout.write(`${JSON.stringify(answer)}\n`); };
const input = createInterface({ input: process.stdin });
input.once('line', (line) => { void work(JSON.parse(line) as ChecksumTask).finally(() => process.exit()); });
input.once('close', () => process.exit()); // the parent has exited
process.stdout.once('error', () => process.exit()); // as above

async function work({ paths, bytesPerSecond }: ChecksumTask): Promise<void> {
  for (const path of paths) {
    const startedAt = performance.now();
    try {
      const crc32 = await sparseCrc32(path, {
        onRead: async (readBytes, ofBytes) => {
          send({ path, readBytes, ofBytes });
          const earlyMs = bytesPerSecond === null ? 0 : startedAt + (readBytes / bytesPerSecond) * 1_000 - performance.now();
          if (earlyMs > 0) await delay(earlyMs);
        },
      });
      send({ path, crc32 });
    } catch (error) {
      send({ path, error: (error as Error).message });
    }
    // Evicts the file from the host's page cache, since it will not be read again soon.
    await runCommand('dd', [`if=${basename(path)}`, 'iflag=nocache', 'count=0', 'status=none'], { cwd: dirname(path) }).catch(() => {});
  }
}
