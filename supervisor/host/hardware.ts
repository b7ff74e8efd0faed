// The hardware for VMs on this host: accelerator, machine type, CPU model. Determined when first needed, since the probe needs a guest image. A
// failed probe is repeated later, because the host may have been too busy.
import type { Logger } from '../../common/log.ts';
import type { VmDriver } from '../libvirt/vm-driver.ts';
import type { Hardware } from '../vms/vm.ts';
import type { ImageStore } from '../storage/image-store.ts';
import { chooseAccel, hostIsIdle, rememberedAccel, type AccelVerdict } from './accel.ts';

/** How often to check whether the host is idle, and how long to wait between probes; each failure doubles the wait. */
const LOOK_EVERY_MS = 60_000;
const FIRST_PAUSE_MS = 5 * 60_000;
const LONGEST_PAUSE_MS = 6 * 3_600_000;

export interface HardwareOptions {
  setting: 'auto' | 'kvm' | 'tcg';
  accelFile: string;
  driver: VmDriver;
  images: ImageStore;
  log: Logger;
  /** For tests. */
  choose?: typeof chooseAccel;
  idle?: () => boolean;
  now?: () => number;
}

export interface HostAccel { use: 'kvm' | 'tcg'; setting: 'auto' | 'kvm' | 'tcg'; reason: string }

export class HostHardware {
  readonly #options: HardwareOptions;
  #proof: Promise<AccelVerdict> | undefined;
  #verdict: AccelVerdict | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #probedAtMs: number;

  constructor(options: HardwareOptions) {
    this.#options = options;
    this.#probedAtMs = this.#now();
  }

  /** Returns what is known so far, without waiting. */
  get accel(): HostAccel {
    const { setting } = this.#options;
    if (this.#verdict) return { use: this.#verdict.use, setting, reason: this.#verdict.reason };
    if (setting !== 'auto') return { use: setting, setting, reason: 'set in the configuration' };
    return { use: 'tcg', setting, reason: 'not tested yet; the first VM start tests KVM' };
  }

  /** Loads the verdict of an earlier start of Somnus, so that `accel` is correct before a VM starts. Never throws. */
  async recall(): Promise<void> {
    if (this.#options.setting === 'auto') this.#verdict ??= await rememberedAccel(this.#options.accelFile);
  }

  /** Repeats the probe from time to time when the host is idle, until KVM is proven. VMs that start afterwards run under KVM; running VMs are not affected. */
  begin(): void {
    this.#timer ??= setInterval(() => {
      this.retryWhenIdle().catch((error: unknown) => this.#options.log.warn({ event: 'accel.probe-failed', err: error }));
    }, LOOK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Probes again if the last probe failed long enough ago and the host is idle. */
  async retryWhenIdle(): Promise<void> {
    if (this.#options.setting !== 'auto' || this.#verdict?.use !== 'tcg') return;
    if (this.#now() - this.#probedAtMs < this.#pauseMs || !(this.#options.idle ?? hostIsIdle)()) return;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    await this.probe();
  }

  /** Probes now, even if there is a verdict. @throws not_found without a guest image; libvirt, unavailable */
  async probe(): Promise<HostAccel> {
    const before = this.#verdict?.use;
    const { hypervisor } = await this.#options.driver.hostInfo();
    this.#verdict = await this.#prove(hypervisor.version, true);
    this.#proof = Promise.resolve(this.#verdict);
    if (before !== this.#verdict.use) this.#options.log.info({ event: 'accel.changed', before, use: this.#verdict.use, reason: this.#verdict.reason });
    return this.accel;
  }

  async get(): Promise<Hardware> {
    const { driver } = this.#options;
    const info = await driver.hostInfo();
    this.#proof ??= this.#prove(info.hypervisor.version, false);
    this.#proof.catch(() => { this.#proof = undefined; });
    const { use } = this.#verdict = await this.#proof;
    return {
      accel: use,
      machineType: info.guests.machineTypes.find(({ name }) => name === 'pc')?.canonical ?? 'pc',
      cpuModel: use === 'kvm' ? 'host-passthrough' : 'maximum',
      qemuVersion: info.hypervisor.version,
      watchdog: true,
      helper: true,
      nestedVirtualization: false,
    };
  }

  async #prove(qemuVersion: string, again: boolean): Promise<AccelVerdict> {
    const { setting, accelFile, images, log } = this.#options;
    const { folder } = await images.current();
    try {
      return await (this.#options.choose ?? chooseAccel)({ setting, file: accelFile, qemuVersion, probe: { kernel: `${folder}/kernel`, initrd: `${folder}/initrd` }, log, again });
    } finally {
      this.#probedAtMs = this.#now();
    }
  }

  #now(): number {
    return (this.#options.now ?? performance.now.bind(performance))();
  }
}
