// The worker thread's program: receives texts from its parent and answers with their vectors.
import { parentPort, workerData } from 'node:worker_threads';
import { OnnxModel } from './onnx-model.ts';

export interface WorkerSettings { folder: string; threads: number }
export interface EmbedRequest { id: number; text: string }
export type WorkerMessage =
  | { kind: 'ready'; dimensions: number }
  | { kind: 'vector'; id: number; vector: Float32Array }
  | { kind: 'failed'; id: number; message: string };

if (parentPort !== null) await serve(parentPort, workerData as WorkerSettings);

async function serve(port: NonNullable<typeof parentPort>, settings: WorkerSettings): Promise<void> {
  const send = (message: WorkerMessage, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  const model = await OnnxModel.load(settings.folder, settings.threads);
  port.on('message', (request: EmbedRequest) => {
    model.embed(request.text).then(
      (vector) => send({ kind: 'vector', id: request.id, vector }, [vector.buffer as ArrayBuffer]),
      (error: unknown) => send({ kind: 'failed', id: request.id, message: error instanceof Error ? error.message : String(error) }),
    );
  });
  send({ kind: 'ready', dimensions: model.dimensions });
}
