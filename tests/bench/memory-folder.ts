// A memory service on a new folder, for benchmarks and tests: real SQLite, real keys, and on request the real model.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { createLogger } from '../../common/log.ts';
import { OnnxEmbedder } from '../../common/embedding/onnx-embedder.ts';
import type { Embedder } from '../../common/embedding/embedder.ts';
import type { Caller } from '../../orchestrator/keys/caller.ts';
import { MemoryConfig } from '../../orchestrator/memory/memory-config.ts';
import { MemoryService, type MemoryServiceOptions } from '../../orchestrator/memory/memory-service.ts';
import { SqliteKeyStore } from '../../orchestrator/memory/store/sqlite-key-store.ts';
import { SqliteMemoryStore } from '../../orchestrator/memory/store/sqlite-memory-store.ts';
import { QueuedDocumentReader } from '../../orchestrator/reading/documents/document-reader.ts';
import { modelFolder } from './memory-locations.ts';

export const SECRET = 'correct horse battery staple';
export const USER: Caller = { keyId: 'key_a', user: 'usr_0000000000000000000000000a', scopes: ['read', 'write'], environmentId: null, mayPurge: true };

export interface MemoryFolder extends AsyncDisposable {
  dir: string;
  config: MemoryConfig;
  service: MemoryService;
  store: SqliteMemoryStore;
  /** Closes the service and opens another on the same folder, as after a restart. */
  restart(): Promise<MemoryService>;
}

export interface FolderOptions {
  model?: boolean | string;
  /** The caller's embedder instead of the model. */
  embedder?: Embedder;
  config?: z.input<typeof MemoryConfig>;
  vectorServer?: MemoryServiceOptions['vectorServer'];
  now?: () => number;
}

export async function memoryFolder(options: FolderOptions = {}): Promise<MemoryFolder> {
  const dir = await mkdtemp(join(tmpdir(), 'somnus-memory-'));
  const log = createLogger({ level: 'warn' });
  const config = MemoryConfig.parse(options.config ?? {});
  let store: SqliteMemoryStore;
  const open = async (): Promise<MemoryService> => {
    const embedder: Embedder | undefined = options.embedder ?? (options.model === undefined || options.model === false ? undefined
      : await OnnxEmbedder.start(modelFolder(typeof options.model === 'string' ? options.model : undefined)));
    store = SqliteMemoryStore.open(dir, log);
    return new MemoryService({
      store, keys: SqliteKeyStore.open(dir, log), embedder, log, config,
      vectorServer: options.vectorServer, reader: new QueuedDocumentReader(), ...options.now === undefined ? {} : { now: options.now },
    });
  };
  const folder: MemoryFolder = {
    dir, config, service: await open(),
    get store() {
      return store;
    },
    async restart() {
      await folder.service.close();
      folder.service = await open();
      return folder.service;
    },
    async [Symbol.asyncDispose]() {
      await folder.service.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return folder;
}
