// The embedder on onnxruntime: one worker thread with one session for the life of the process. It gets one text at a time, so that a query never waits long.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { SomnusError } from '../errors.ts';
import type { EmbedPriority, Embedder } from './embedder.ts';
import type { EmbedRequest, WorkerMessage, WorkerSettings } from './onnx-embedder-worker.ts';

interface Job {
  text: string;
  resolve(vector: Float32Array): void;
  reject(error: SomnusError): void;
}

interface Running { worker: Worker; dimensions: number }

export class OnnxEmbedder implements Embedder {
  readonly model: string;
  readonly dimensions: number;
  readonly #settings: WorkerSettings;
  readonly #waiting: Record<EmbedPriority, Job[]> = { query: [], background: [] };
  #running: Running | undefined;
  #inFlight: { id: number; job: Job } | undefined;
  #starting = false;
  #closed = false;
  #lastId = 0;

  private constructor(settings: WorkerSettings, running: Running, digest: string) {
    this.#settings = settings;
    this.model = `${basename(settings.folder)} ${digest}`;
    this.dimensions = running.dimensions;
    this.#adopt(running);
  }

  /** Starts the worker on a model folder. @throws SomnusError `unavailable` when the folder contains no model that loads. */
  static async start(folder: string, threads = 1): Promise<OnnxEmbedder> {
    const file = join(folder, 'onnx', 'model_quantized.onnx');
    if (!existsSync(file)) {
      throw new SomnusError('unavailable', `${file} does not exist`, { hint: 'Download it with deploy/quickstart.sh, or set models.embeddingDir to a folder that contains it.' });
    }
    const settings = { folder, threads };
    const [running, digest] = await Promise.all([startWorker(settings), digestOf([file, join(folder, 'tokenizer.json')])]);
    return new OnnxEmbedder(settings, running, digest);
  }

  async embed(texts: readonly string[], priority: EmbedPriority): Promise<Float32Array[]> {
    if (this.#closed) throw new SomnusError('unavailable', 'The embedder is closed');
    const vectors = texts.map((text) => {
      const { promise, resolve, reject } = Promise.withResolvers<Float32Array>();
      this.#waiting[priority].push({ text, resolve, reject });
      return promise;
    });
    this.#next();
    return await Promise.all(vectors);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running?.worker.terminate();
  }

  #adopt(running: Running): void {
    this.#running = running;
    running.worker.on('message', (message: WorkerMessage) => this.#answer(message));
    running.worker.on('error', (cause) => this.#lost(running, cause));
    running.worker.on('exit', () => this.#lost(running, undefined));
  }

  #next(): void {
    if (this.#inFlight !== undefined || this.#waiting.query.length + this.#waiting.background.length === 0) return;
    if (this.#running === undefined) return this.#restart();
    const job = this.#waiting.query.shift() ?? this.#waiting.background.shift();
    if (job === undefined) return;
    this.#lastId += 1;
    this.#inFlight = { id: this.#lastId, job };
    this.#running.worker.postMessage({ id: this.#lastId, text: job.text } satisfies EmbedRequest);
  }

  #answer(message: WorkerMessage): void {
    const current = this.#inFlight;
    if (message.kind === 'ready' || current?.id !== message.id) return;
    this.#inFlight = undefined;
    if (message.kind === 'failed') current.job.reject(new SomnusError('unavailable', `The embedding model failed: ${message.message}`));
    else current.job.resolve(message.vector);
    this.#next();
  }

  #lost(running: Running, cause: Error | undefined): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    if (this.#inFlight !== undefined) this.#fail([this.#inFlight.job], cause);
    this.#inFlight = undefined;
    if (this.#closed) this.#fail([...this.#waiting.query.splice(0), ...this.#waiting.background.splice(0)], cause);
    else this.#next();
  }

  #restart(): void {
    if (this.#starting) return;
    this.#starting = true;
    startWorker(this.#settings).then((running) => {
      this.#starting = false;
      this.#adopt(running);
      this.#next();
    }, (error: unknown) => {
      this.#starting = false;
      this.#fail([...this.#waiting.query.splice(0), ...this.#waiting.background.splice(0)], error);
    });
  }

  #fail(jobs: readonly Job[], cause: unknown): void {
    for (const job of jobs) job.reject(new SomnusError('unavailable', 'The embedding worker stopped', { cause }));
  }
}

/** Names the weights and the tokenizer, whatever the folder is called: other weights are another model. */
async function digestOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}

async function startWorker(settings: WorkerSettings): Promise<Running> {
  // onnxruntime sends telemetry unless this is set when it loads. It reads the process's variables, and a worker only has a copy of them.
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  const worker = new Worker(new URL('./onnx-embedder-worker.ts', import.meta.url), { workerData: settings });
  worker.unref();
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  worker.once('message', (message: WorkerMessage) => message.kind === 'ready' ? resolve(message.dimensions) : reject(new Error('Unexpected first message')));
  worker.once('error', reject);
  worker.once('exit', () => reject(new Error('The worker ended before it was ready')));
  try {
    return { worker, dimensions: await promise };
  } catch (cause) {
    throw new SomnusError('unavailable', `The embedding model in ${settings.folder} does not load: ${(cause as Error).message}`, { cause });
  }
}
