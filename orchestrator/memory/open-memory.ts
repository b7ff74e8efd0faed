// The composition root of the memory core: connects SQLite, the embedding model and, if configured, Chroma to a MemoryService.
import { join } from 'node:path';
import { backUp, type BackedUp, type BackupInput } from './backup.ts';
import { claimFolder, memoryKeysFolder } from '../../common/claimed-folder.ts';
import { toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { Embedder } from '../../common/embedding/embedder.ts';
import { OnnxEmbedder } from '../../common/embedding/onnx-embedder.ts';
import { QueuedDocumentReader } from '../reading/documents/document-reader.ts';
import { readPrivateFile } from './key-file.ts';
import { loadMemoryConfig, type MemoryConfig } from './memory-config.ts';
import { MemoryService, type MemoryServiceOptions } from './memory-service.ts';
import { moveKeyStore } from './store/move-key-store.ts';
import { SqliteKeyStore } from './store/sqlite-key-store.ts';
import { SqliteMemoryStore } from './store/sqlite-memory-store.ts';
import { startChromaServer, type ChromaPlace, type ChromaServer } from './vectors/chroma-server.ts';
import { ChromaVectorIndex } from './vectors/chroma-vector-index.ts';

const MINUTE_MS = 60_000;
const DIMENSIONS = 384;

export interface OpenMemoryOptions {
  dataDir: string;
  /** Folder of the wrapped keys. Separate, so that a backup of the data does not restore what was shredded. */
  keysDir: string;
  /** Where earlier versions kept the keys, which are moved from there. */
  formerKeysDir: string;
  /** The model's folder; if it is omitted or does not load, memory searches by keywords, names and dates only. */
  embeddingDir: string | undefined;
  /** Path of memory.yaml; in the data folder if omitted. */
  configFile?: string | undefined;
  queryVectors?: MemoryServiceOptions['queryVectors'];
  plane?: MemoryServiceOptions['plane'];
  log: Logger;
}

export interface OpenMemory extends AsyncDisposable {
  service: MemoryService;
  /** Why vectors are not available; undefined if they are. */
  degraded: string | undefined;
  /** Where vectors are compared. */
  vectorIndex: MemoryConfig['retrieval']['vectorIndex'];
  /** Copies content and keys to folders on this host while memory is in use. @throws SomnusError `invalid_request` */
  backUp(input: BackupInput): Promise<BackedUp>;
  /** Reads memory.yaml again. @throws SomnusError `config_invalid`; the old settings then stay in force */
  reload(): void;
}

/** @throws SomnusError `config_invalid`; `in_use` when another process has the data folder; `unavailable` when Chroma does not start; `corrupt` */
export async function openMemory(options: OpenMemoryOptions): Promise<OpenMemory> {
  const { dataDir, log } = options;
  const configFile = options.configFile ?? join(dataDir, 'memory.yaml');
  const config = loadMemoryConfig(configFile);
  await using cleanup = new AsyncDisposableStack();
  const { embedder, degraded } = await startEmbedder(options, config);
  if (embedder !== undefined) cleanup.defer(() => embedder.close());
  const server = await chromaFor(config, log);
  if (server !== undefined) cleanup.defer(() => server.stop());
  const place = server?.place ?? await ownPlace(config);
  const store = SqliteMemoryStore.open(dataDir, log);
  cleanup.defer(() => store.close());
  claimFolder(options.keysDir, memoryKeysFolder);
  moveKeyStore(options.formerKeysDir, options.keysDir, log);
  const keys = SqliteKeyStore.open(options.keysDir, log);
  const service = new MemoryService({
    store, keys, embedder, config, log, queryVectors: options.queryVectors, plane: options.plane, reader: new QueuedDocumentReader(),
    vectorServer: place === undefined ? undefined : (spaceId) => new ChromaVectorIndex({ place, collection: spaceId, dimensions: embedder?.dimensions ?? DIMENSIONS }),
  });
  const expiry = setInterval(() => service.expire(), config.performance.expireEveryMinutes * MINUTE_MS).unref();
  const idle = setInterval(() => void service.lockIdle().catch((error: unknown) => log.error({ event: 'memory.idle_lock_failed', err: error })), MINUTE_MS).unref();
  cleanup.move();
  return {
    service, degraded, vectorIndex: config.retrieval.vectorIndex,
    reload: () => service.reload(loadMemoryConfig(configFile)),
    backUp: async (input) => await backUp({ store, keys }, { dataDir, keysDir: options.keysDir, configFile }, input, Date.now()),
    async [Symbol.asyncDispose]() {
      clearInterval(expiry);
      clearInterval(idle);
      await service.close();
      await server?.stop();
    },
  };
}

async function startEmbedder({ embeddingDir, log }: OpenMemoryOptions, config: MemoryConfig): Promise<{ embedder: Embedder | undefined; degraded: string | undefined }> {
  if (!config.embeddings.enabled) return { embedder: undefined, degraded: 'embeddings are switched off in memory.yaml' };
  if (embeddingDir === undefined) return { embedder: undefined, degraded: 'models.embeddingDir is not set' };
  try {
    return { embedder: await OnnxEmbedder.start(embeddingDir, config.embeddings.threads), degraded: undefined };
  } catch (thrown) {
    const error = toSomnusError(thrown);
    log.warn({ event: 'memory.keywords_only', code: error.code, err: error });
    return { embedder: undefined, degraded: error.message };
  }
}

async function chromaFor({ retrieval }: MemoryConfig, log: Logger): Promise<ChromaServer | undefined> {
  return retrieval.vectorIndex === 'chroma' && retrieval.chroma.url === undefined ? await startChromaServer({ command: retrieval.chroma.command, log }) : undefined;
}

/** Connects to the user's own server. @throws SomnusError `forbidden` when others can use the token file */
async function ownPlace({ retrieval: { vectorIndex, chroma } }: MemoryConfig): Promise<ChromaPlace | undefined> {
  if (vectorIndex !== 'chroma' || chroma.url === undefined) return undefined;
  const { url, tenant, database, tokenFile } = chroma;
  return { url, ...tenant === undefined ? {} : { tenant }, ...database === undefined ? {} : { database }, ...tokenFile === undefined ? {} : { headers: { 'x-chroma-token': (await readPrivateFile(tokenFile)).trim() } } };
}
