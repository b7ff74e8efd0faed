// Which files differ between two snapshots of an environment, or between one and its present disk. Comparisons run one at a time, since each needs
// memory for a small VM.
import { join } from 'node:path';
import { untilAborted } from '../../common/deadline.ts';
import { compareDisks, type FileChange } from '../../supervisor/snapshots/compare-disks.ts';
import type { ImageStore } from '../../supervisor/storage/image-store.ts';
import { Vm, type VmHost } from '../../supervisor/vms/vm.ts';
import type { Caller } from '../keys/caller.ts';
import type { EnvironmentManager } from '../environments/environment-manager.ts';
import type { EnvironmentRecord } from '../environments/sqlite-environments.ts';

export interface SnapshotComparisonDeps {
  environments: Pick<EnvironmentManager, 'channel'>;
  images: Pick<ImageStore, 'current'>;
  host: VmHost;
}

export class SnapshotComparison {
  readonly #deps: SnapshotComparisonDeps;
  /** Settles without a value when nothing is running or waiting; it keeps no results. */
  #last: Promise<void> = Promise.resolve();

  constructor(deps: SnapshotComparisonDeps) {
    this.#deps = deps;
  }

  /**
   * What changed from one snapshot to another; without a second one, to the present disk, to which a running guest first writes what it holds in memory.
   * @throws as compareDisks
   */
  async run(caller: Caller, environment: EnvironmentRecord, from: string, to: string | undefined, signal: AbortSignal): Promise<FileChange[]> {
    const { images, host } = this.#deps;
    const before = this.#last;
    const work = (async () => {
      await untilAborted(before, signal);
      if (to === undefined && environment.state === 'running') await this.#syncGuest(caller, environment.id, signal);
      const vm = new Vm(host, environment.id);
      const present = await vm.isHibernated() ? join(vm.hibernationFolder, 'disk') : vm.diskFile;
      return await compareDisks({
        before: join(vm.snapshotFolder(from), 'disk'), after: to === undefined ? present : join(vm.snapshotFolder(to), 'disk'),
        imageFolder: (await images.current()).folder, accel: (await host.hardware()).accel, user: vm.userOf(await vm.manifest()), pool: host.pool, signal,
      });
    })();
    this.#last = Promise.allSettled([before, work]).then(() => {});
    return await work;
  }

  async #syncGuest(caller: Caller, id: string, signal: AbortSignal): Promise<void> {
    const program = await (await this.#deps.environments.channel(caller, id)).exec({ command: ['sync'], env: {} }, signal);
    program.stdin.end();
    for (const stream of [program.stdout, program.stderr]) stream.resume();
    await program.exit;
  }
}
