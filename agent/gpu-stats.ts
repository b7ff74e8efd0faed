// The state of NVIDIA GPUs, through nvidia-smi where it is installed. Queried at most every few seconds, and only when statistics are requested.
import { existsSync } from 'node:fs';
import type { BasicStats } from './contract.ts';
import type { RunProgram } from './watch/run-program.ts';

const PROGRAM = '/usr/bin/nvidia-smi';
const FRESH_MS = 5_000;
const TIMEOUT_MS = 4_000;
const MIB = 2 ** 20;

type Gpus = NonNullable<BasicStats['gpus']>;

export class GpuStats {
  readonly #run: RunProgram;
  readonly #program: string;
  #gpus: Gpus = [];
  #askedAtMs = -Infinity;

  constructor(run: RunProgram, program = PROGRAM) {
    this.#run = run;
    this.#program = program;
  }

  /** Empty if there is no GPU or nvidia-smi does not answer. Never throws. */
  async read(): Promise<Gpus> {
    if (!existsSync(this.#program)) return [];
    if (performance.now() - this.#askedAtMs > FRESH_MS) {
      this.#askedAtMs = performance.now();
      const { code, output } = await this.#run([this.#program, '--query-gpu=name,utilization.gpu,memory.used,memory.total', '--format=csv,noheader,nounits'], TIMEOUT_MS);
      this.#gpus = code === 0 ? parseGpus(output) : [];
    }
    return this.#gpus;
  }
}

function parseGpus(output: string): Gpus {
  return output.trim().split('\n').slice(0, 16).map((row) => row.split(',').map((field) => field.trim())).filter((fields) => fields.length === 4).map(([name = '', used, memory, total]) => (
    { name: name.slice(0, 64), usedPercent: Number(used) || 0, memoryUsedBytes: (Number(memory) || 0) * MIB, memoryTotalBytes: (Number(total) || 0) * MIB }
  ));
}
