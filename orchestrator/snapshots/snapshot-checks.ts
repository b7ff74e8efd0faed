// Checks that snapshots are unchanged: computes their checksums soon after they are ready, and reads each again from time to time. One at a time, slowly, in the
// background; or at once on request, as an operation. Damaged snapshots are marked, never deleted.
import { z } from 'zod';
import { toSomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { Vm, type VmHost } from '../../supervisor/vms/vm.ts';
import { readThrough } from '../../supervisor/snapshots/check-state.ts';
import { subjectOf } from '../environments/environment-manager.ts';
import type { SqliteEnvironments } from '../environments/sqlite-environments.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Troubles } from '../host/troubles.ts';
import type { OperationKind } from '../operations/operation.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import { withoutHold, type HeldRecord, type SqliteSnapshots } from './sqlite-snapshots.ts';

export interface SnapshotChecksDeps {
  store: SqliteStore;
  snapshots: SqliteSnapshots;
  records: SqliteEnvironments;
  events: SqliteEventLog;
  host: VmHost;
  /** Each is checked again after this many days. */
  scrubDays: number;
  lookEveryMs?: number;
  troubles: Troubles;
  log: Logger;
}

const LOOK_EVERY_MS = 5_000;
/** Not right after it was taken, since more snapshots may follow, or a restore. */
const REST_MS = 10_000;
/** Modern disks read ten times as fast. */
const BYTES_PER_SECOND = 64 * 2 ** 20;
const AGAIN_AFTER_MS = 600_000;
const DAY_MS = 86_400_000;

export class SnapshotChecks {
  readonly #deps: SnapshotChecksDeps;
  /** Snapshots that could not be read for another reason than damage, until when (monotonic ms); the others come first. */
  readonly #postponed = new Map<string, number>();
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: SnapshotChecksDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#work = this.#deps.troubles.attempt('snapshot checks', 'next snapshot', async () => await this.#next()).then(() => {
        if (!this.#ending.signal.aborted) this.start();
      });
    }, this.#deps.lookEveryMs ?? LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    clearTimeout(this.#timer);
    await this.#work;
  }

  /** Records the outcome of a check. Does nothing when the snapshot is gone. */
  record(id: string, damage: string | null): void {
    const { store, snapshots, records, events } = this.#deps;
    store.transaction(() => {
      const snapshot = snapshots.get(id);
      const environment = snapshot && records.get(snapshot.environmentId);
      if (!snapshot || !environment) return;
      const now = new Date().toISOString();
      const state = snapshot.state === 'removed' ? 'removed' : damage === null ? 'ready' : 'damaged';
      snapshots.update({ ...withoutHold(snapshot), state, damage, checkedAt: now, checksumAt: snapshot.checksumAt ?? (damage === null ? now : null) });
      if (damage === snapshot.damage) return;
      const subject = subjectOf(environment);
      events.append({ type: damage === null ? 'snapshot.sound' : 'snapshot.damaged', owner: environment.owner, subject, actor: null, data: { snapshotId: id, name: snapshot.name, damage } });
    });
  }

  /** Checks the snapshot that has waited longest, if any is due. */
  async #next(): Promise<void> {
    const { snapshots, scrubDays, troubles } = this.#deps;
    const now = Date.now();
    for (const [id, untilMs] of this.#postponed) if (untilMs <= performance.now()) this.#postponed.delete(id);
    const due = snapshots.dueForCheck({ createdBefore: new Date(now - REST_MS), checkedBefore: new Date(now - scrubDays * DAY_MS), except: [...this.#postponed.keys()] });
    if (!due || due.operationId !== null) return;
    const checked = await troubles.attempt('snapshot checks', due.id, async () => await this.#check(due));
    if (!checked) this.#postponed.set(due.id, performance.now() + AGAIN_AFTER_MS);
  }

  async #check(due: HeldRecord): Promise<void> {
    const { snapshots, host, log } = this.#deps;
    const damage = await damageOf(async () => await readThrough(folderOf(host, due), { signal: this.#ending.signal, bytesPerSecond: BYTES_PER_SECOND }));
    const after = snapshots.get(due.id);
    if (!after || after.operationId !== null) return; // it may be being purged; checked later if it still exists
    this.record(due.id, damage);
    if (damage !== null) log.error({ event: 'snapshot.damaged', snapshotId: due.id, damage });
  }
}

/** @returns what is wrong, null when nothing is. @throws the error that prevented the check */
async function damageOf(check: () => Promise<void>): Promise<string | null> {
  try {
    await check();
    return null;
  } catch (thrown) {
    const error = toSomnusError(thrown);
    if (error.code !== 'corrupt' && error.code !== 'not_found') throw error;
    return error.message;
  }
}

const Input = z.strictObject({ environmentId: z.string(), snapshotId: z.string() });
export type CheckInput = z.infer<typeof Input>;

interface CheckContext { snapshotId: string; folder: string }

/** Fails with `corrupt` when the snapshot is damaged. */
export function snapshotCheckKind({ host, checks }: { host: VmHost; checks: Pick<SnapshotChecks, 'record'> }): OperationKind<CheckInput, CheckContext> {
  return {
    kind: 'snapshot.check', lane: 'checks', input: Input, afterCrash: 'resume', cancellable: true,
    open: async ({ environmentId, snapshotId }) => ({ snapshotId, folder: new Vm(host, environmentId).snapshotFolder(snapshotId) }),
    steps: [{
      name: 'snapshot.read-through',
      timeoutMs: DAY_MS,
      async run({ folder }, step) {
        await readThrough(folder, { signal: step.signal, onProgress: (path, percent) => step.progress({ message: `reading ${path.slice(folder.length + 1)}`, percent }) });
      },
    }],
    async succeed({ snapshotId }) {
      checks.record(snapshotId, null);
      return { snapshotId };
    },
    async fail({ snapshotId }, { code, message }) {
      if (code === 'corrupt') checks.record(snapshotId, message);
    },
  };
}

function folderOf(host: VmHost, { environmentId, id }: HeldRecord): string {
  return new Vm(host, environmentId).snapshotFolder(id);
}
