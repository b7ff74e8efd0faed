// The process that memory-kill.test.ts kills while it embeds memories with another model. Its model counts words, and reports every text that it embeds.
import type { Embedder } from '../../common/embedding/embedder.ts';
import { createLogger } from '../../common/log.ts';
import { MemoryConfig } from '../../orchestrator/memory/memory-config.ts';
import { MemoryService } from '../../orchestrator/memory/memory-service.ts';
import { SqliteKeyStore } from '../../orchestrator/memory/store/sqlite-key-store.ts';
import { SqliteMemoryStore } from '../../orchestrator/memory/store/sqlite-memory-store.ts';
import { SECRET, USER } from '../bench/memory-folder.ts';

const [dir = '', model = '', limit = ''] = process.argv.slice(2);
const DIMENSIONS = 64;
let embedded = 0;
const embedder: Embedder = {
  model, dimensions: DIMENSIONS,
  async embed(texts, priority) {
    if (priority === 'background' && embedded + texts.length > Number(limit)) await new Promise(() => setInterval(() => {}, 1000)); // until it is killed
    return texts.map((text) => {
      if (priority === 'background') {
        embedded += 1;
        console.log('embedded');
      }
      const vector = new Float32Array(DIMENSIONS);
      for (const word of text.toLowerCase().split(/\W+/)) vector[Buffer.from(`${model}${word}`).reduce((sum, byte) => (sum * 31 + byte) % DIMENSIONS, 7)]! += 1;
      const norm = Math.hypot(...vector) || 1;
      return vector.map((value) => value / norm);
    });
  },
  close: async () => {},
};
const log = createLogger({ level: 'error' });
const service = new MemoryService({ store: SqliteMemoryStore.open(dir, log), keys: SqliteKeyStore.open(dir, log), embedder, log, config: MemoryConfig.parse({}) });
if (service.status(USER).length === 0) {
  await service.setUp(USER, SECRET);
  for (let at = 0; at < 1500; at += 500) {
    await service.rememberAll(USER, Array.from({ length: 500 }, (_, i) => ({ type: 'conversation' as const, text: `Parcel ${at + i} went to the depot.` })));
    await service.settled(USER);
  }
} else {
  await service.unlock(USER, { secret: SECRET });
}
console.log(`found ${(await service.recall(USER, { query: 'Parcel 1000' })).hits[0]?.memory.text}`);
await service.settled(USER);
await service.close();
