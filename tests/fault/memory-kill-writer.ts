// The process that memory-kill.test.ts kills: writes, imports, forgets, compacts, rebuilds, consolidates and changes its secret endlessly, and reports what is done.
import { createLogger } from '../../common/log.ts';
import { MemoryConfig } from '../../orchestrator/memory/memory-config.ts';
import { MemoryService } from '../../orchestrator/memory/memory-service.ts';
import { SqliteKeyStore } from '../../orchestrator/memory/store/sqlite-key-store.ts';
import { SqliteMemoryStore } from '../../orchestrator/memory/store/sqlite-memory-store.ts';
import { USER } from '../bench/memory-folder.ts';

const [dir = '', first = '', second = ''] = process.argv.slice(2);
/** More turns than fit in one transaction. */
const LOG = Array.from({ length: 900 }, (_, n) => JSON.stringify({ id: `t${n}`, conversation: 'log', speaker: 'Ben', text: `Sheet${n} of the log was copied by hand.` })).join('\n');
const log = createLogger({ level: 'error' });
const service = new MemoryService({
  store: SqliteMemoryStore.open(dir, log), keys: SqliteKeyStore.open(dir, log), embedder: undefined, log, config: MemoryConfig.parse({ session: { contextTokens: 2000, recentTurns: 10 } }),
});
let secret = first;
if (service.status(USER).length === 0) await service.setUp(USER, first);
else {
  try {
    await service.unlock(USER, { secret: first });
  } catch {
    secret = second;
    await service.unlock(USER, { secret: second });
  }
}
/** Reports what begins, so that it can be killed during it. */
const begin = (what: string): void => console.log(what);
for (let i = 0; ; i += 1) {
  const number = `${process.pid}${i}`;
  const { id } = await service.remember(USER, { type: 'conversation', speaker: 'Ann', text: `The parcel${number} went from the harbour to the depot with ${i} others on the early lorry.` });
  console.log(`stored ${id}`);
  if (i % 20 === 19) {
    begin(`forgetting ${id}`);
    service.forget(USER, { ids: [id ?? ''] });
    console.log(`forgotten ${id}`);
  }
  if (i === 25) {
    begin('importing');
    await service.importChatLog(USER, 'jsonl', LOG);
    console.log('imported');
  }
  if (i % 30 === 29) {
    begin('compacting');
    service.compact(USER);
  }
  if (i % 50 === 49) {
    begin('rebuilding');
    await service.rebuild(USER);
    begin('consolidating');
    await service.consolidate(USER, { budget: 1000 });
  }
  if (i % 200 === 59) {
    const next = secret === first ? second : first;
    begin('rotating');
    await service.changeSecret(USER, { secret }, next);
    secret = next;
  }
}
