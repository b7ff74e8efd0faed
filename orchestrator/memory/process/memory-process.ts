// The process that holds memory: the stores, the keys and indexes of unlocked spaces, the embedding model, consolidation. Started by
// memory-process-handle.ts only. Its computations do not delay the control plane, and it ends with it.
import { fromSerializedError, SomnusError, toSomnusError } from '../../../common/errors.ts';
import { createLogger, type LogLevel } from '../../../common/log.ts';
import { IdleConsolidation } from '../idle-consolidation.ts';
import type { MemoryPlane } from '../memory-plane.ts';
import { openMemory, type OpenMemory } from '../open-memory.ts';
import type { QueryVectors } from '../recalling.ts';
import type { SnapshotEvent } from '../snapshot-policy.ts';
import type { SpaceRow } from '../store/memory-store.ts';
import type { MemoryFiles } from '../files/memory-files.ts';
import type { MemoryService } from '../memory-service.ts';
import { fileCalls, type Ask, type FromMemory, type MemoryCall, type ProcessOptions, type ToMemory } from './memory-protocol.ts';

/** Notices that were applied here; the control plane may send them again if it was not told. */
const MOST_APPLIED = 10_000;

process.title = 'somnus-memory';
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {}); // a terminal sends these to the whole process group; the control plane decides when this process ends
process.on('disconnect', () => process.exit(0));

const asked = new Map<number, { resolve(answer: unknown): void; reject(error: SomnusError): void }>();
const notices = new Map<string, SnapshotEvent[]>();
const applied = new Set<string>();
let lastAsk = 0;
let opening: Promise<OpenMemory> | undefined;
let idle: IdleConsolidation | undefined;

process.on('message', (message: ToMemory) => void receive(message).catch((error: unknown) => {
  process.exitCode = 1;
  throw error;
}));

async function receive(message: ToMemory): Promise<void> {
  switch (message.kind) {
    case 'open':
      opening = open(message.options);
      await opening.then(({ degraded, vectorIndex }) => send({ kind: 'opened', degraded, vectorIndex }), (error: unknown) => send({ kind: 'notOpened', error: toSomnusError(error).toJSON() }));
      break;
    case 'call':
      takeNotices(message.args[0], message.notices);
      await answer(message.id, async ({ service }) => await called(service, message.name, message.args));
      break;
    case 'reload':
      await answer(message.id, (memory) => memory.reload());
      break;
    case 'backUp':
      await answer(message.id, async (memory) => await memory.backUp(message.input));
      break;
    case 'answer':
      settle(message.id)?.resolve(message.answer);
      break;
    case 'refusal':
      settle(message.id)?.reject(fromSerializedError(message.error));
      break;
    case 'close':
      await idle?.stop();
      await (await opening)?.[Symbol.asyncDispose]();
      process.disconnect();
      break;
  }
}

async function open(options: ProcessOptions): Promise<OpenMemory> {
  const log = createLogger({ level: options.logLevel as LogLevel }); // on standard error, which the control plane reads
  let opened: OpenMemory | undefined;
  idle = new IdleConsolidation({ service: () => opened?.service, log });
  opened = await openMemory({ ...options, plane: planeOf(idle), queryVectors, log });
  idle.start();
  return opened;
}

async function answer(id: number, work: (memory: OpenMemory) => unknown): Promise<void> {
  try {
    if (opening === undefined) throw new SomnusError('internal', 'Memory was called before it was opened');
    send({ kind: 'done', id, result: await work(await opening) });
  } catch (thrown) {
    send({ kind: 'refused', id, error: toSomnusError(thrown).toJSON() });
  }
}

function called(service: MemoryService, name: MemoryCall, args: unknown[]): unknown {
  if ((fileCalls as readonly string[]).includes(name)) return (service.files[name as keyof MemoryFiles] as (...args: unknown[]) => unknown).apply(service.files, args);
  return (service[name as keyof MemoryService] as (...args: unknown[]) => unknown).apply(service, args);
}

function planeOf(consolidation: IdleConsolidation): MemoryPlane {
  return {
    events: { append: (event) => send({ kind: 'event', event }) },
    idle: consolidation,
    notices: {
      of: (owner) => notices.get(owner)?.filter(({ id }) => !applied.has(id)) ?? [],
      remove(id) {
        const [oldest] = applied;
        if (applied.size >= MOST_APPLIED && oldest !== undefined) applied.delete(oldest);
        applied.add(id);
        send({ kind: 'noticeApplied', id });
      },
      clear(owner) {
        notices.delete(owner);
        send({ kind: 'noticesCleared', owner });
      },
    },
    cache: {
      unlocked: (user, key) => send({ kind: 'cacheUnlocked', user, key }),
      locked: (user) => send({ kind: 'cacheLocked', user }),
      destroyed: (user) => send({ kind: 'cacheDestroyed', user }),
    },
    idempotency: {
      async onceAsync(request, work) {
        const id = lastAsk + 1;
        const answered = await ask({ what: 'once', request }) as { begin: true } | { kept: Awaited<ReturnType<typeof work>> };
        if ('kept' in answered) return answered.kept;
        try {
          const result = await work();
          send({ kind: 'onceDone', id, outcome: { result } });
          return result;
        } catch (error) {
          send({ kind: 'onceDone', id, outcome: { error: toSomnusError(error).toJSON() } });
          throw error;
        }
      },
    },
  };
}

function queryVectors({ userId: user, private: isPrivate }: SpaceRow): QueryVectors | undefined {
  if (isPrivate) return undefined;
  return {
    get: async (model, text) => await ask({ what: 'vector', user, model, text }) as Float32Array | undefined,
    put: (model, text, vector) => send({ kind: 'vector', user, model, text, vector }),
  };
}

async function ask(question: Ask): Promise<unknown> {
  lastAsk += 1;
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  asked.set(lastAsk, { resolve, reject });
  send({ kind: 'ask', id: lastAsk, ask: question });
  return await promise;
}

function settle(id: number): { resolve(answer: unknown): void; reject(error: SomnusError): void } | undefined {
  const waiting = asked.get(id);
  asked.delete(id);
  return waiting;
}

function takeNotices(caller: unknown, pending: SnapshotEvent[]): void {
  if (typeof caller === 'object' && caller !== null && 'user' in caller && typeof caller.user === 'string') notices.set(caller.user, pending);
}

function send(message: FromMemory): void {
  process.send?.(message);
}
