// The process that memory-keys.test.ts kills: it has copied the content for a backup, but not finished the backup.
import { join } from 'node:path';
import { createLogger } from '../../common/log.ts';
import { backUp } from '../../orchestrator/memory/backup.ts';
import { MemoryConfig } from '../../orchestrator/memory/memory-config.ts';
import { MemoryService } from '../../orchestrator/memory/memory-service.ts';
import { SqliteKeyStore } from '../../orchestrator/memory/store/sqlite-key-store.ts';
import { SqliteMemoryStore } from '../../orchestrator/memory/store/sqlite-memory-store.ts';
import { SECRET, USER } from '../bench/memory-folder.ts';

const [folder = '', target = ''] = process.argv.slice(2);
const log = createLogger({ level: 'error' });
const [dataDir, keysDir] = [join(folder, 'data', 'memory'), join(folder, 'data-keys')];
const store = SqliteMemoryStore.open(dataDir, log);
const keys = SqliteKeyStore.open(keysDir, log);
const service = new MemoryService({ store, keys, embedder: undefined, log, config: MemoryConfig.parse({}) });
await service.setUp(USER, SECRET);
await service.rememberAll(USER, Array.from({ length: 20 }, (_, i) => ({ text: `Parcel ${i} went from the harbor to the depot.` })));
setInterval(() => {}, 1000); // lives until it is killed
const held = {
  async copyTo(path: string): Promise<void> {
    await store.copyTo(path);
    console.log('copied');
    await new Promise(() => {});
  },
};
await backUp({ store: held, keys }, { dataDir, keysDir, configFile: join(folder, 'memory.yaml') }, { folder: target }, Date.now());
