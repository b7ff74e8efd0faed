// The embedding model: a folder with tokenizer and ONNX file, one session for the life of the object.
// Runs in the worker (onnx-embedder-worker.ts); handles tokens, tensors and pooling, but no queues.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** The maximum length that all-MiniLM-L6-v2 was trained on. Its tokenizer.json says 128, and the tokenizer truncates at neither. */
const MAX_PIECES = 256;
/** 256 word pieces never come from more text than this, so longer text is cut before tokenizing. */
const MAX_CHARACTERS = 8192;

export class OnnxModel {
  #dimensions = 0;
  readonly #tokenizer: Tokenizer;
  readonly #session: InferenceSession;

  private constructor(tokenizer: Tokenizer, session: InferenceSession) {
    this.#tokenizer = tokenizer;
    this.#session = session;
  }

  get dimensions(): number {
    return this.#dimensions;
  }

  /**
   * Loads the folder. @param keepsMemory whether to keep the memory of a run for the next one, which is faster but uses tens of megabytes more
   * @throws the errors of the file system and the runtime
   */
  static async load(folder: string, threads: number, keepsMemory = true): Promise<OnnxModel> {
    const json = (name: string): Record<string, unknown> => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, unknown>;
    const tokenizer = new Tokenizer(json('tokenizer.json'), {}); // nothing in tokenizer_config.json applies here
    const session = await InferenceSession.create(join(folder, 'onnx', 'model_quantized.onnx'), {
      intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all', enableCpuMemArena: keepsMemory, enableMemPattern: keepsMemory,
    });
    const model = new OnnxModel(tokenizer, session);
    await model.embed('warm');
    return model;
  }

  /**
   * Returns the text's vector: the mean over its pieces, L2-normalized. Runs one text at a time on purpose: the int8 model scales its activations by the
   * largest of the whole batch, so a text's vector would depend on its neighbors (STS-B 82.03 alone, 81.77 in batches of eight).
   */
  async embed(text: string): Promise<Float32Array> {
    const ids = BigInt64Array.from(this.#pieces(text), BigInt);
    const shape = [1, ids.length];
    const inputs = {
      input_ids: new Tensor('int64', ids, shape),
      attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), shape),
      token_type_ids: new Tensor('int64', new BigInt64Array(ids.length), shape),
    };
    const outputs = await this.#session.run(inputs);
    try {
      const hidden = outputs['last_hidden_state'];
      if (hidden === undefined) throw new Error('The model has no output last_hidden_state');
      this.#dimensions = hidden.dims.at(-1) ?? 0;
      return pool(hidden.data as Float32Array, this.#dimensions);
    } finally {
      for (const tensor of [...Object.values(inputs), ...Object.values(outputs)]) tensor.dispose();
    }
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  #pieces(text: string): number[] {
    const { ids } = this.#tokenizer.encode(text.slice(0, MAX_CHARACTERS));
    const separator = ids.at(-1);
    return ids.length <= MAX_PIECES || separator === undefined ? ids : [...ids.slice(0, MAX_PIECES - 1), separator];
  }
}

function pool(hidden: Float32Array, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (let at = 0; at < hidden.length; at += 1) vector[at % dimensions] = vector[at % dimensions]! + hidden[at]!;
  const norm = Math.hypot(...vector) || 1;
  return vector.map((value) => value / norm);
}
