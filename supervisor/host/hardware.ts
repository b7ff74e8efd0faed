// What VMs of this host run on: accelerator, machine type, CPU model. Found out when first needed, since the proof needs a guest image. When the proof fails it is tried again later:
// the host may have been too busy.
import type { Logger } from '../../common/log.ts';
import type { VmDriver } from '../libvirt/vm-driver.ts';
import type { Hardware } from '../vms/vm.ts';
import type { ImageStore } from '../storage/image-store.ts';
import { chooseAccel, hostIsIdle, rememberedAccel, type AccelVerdict } from './accel.ts';

/** How often to look whether the host is idle, and how long to wait between probes: each that fails doubles it. */
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

  /** What is known so far, without waiting. */
  get accel(): HostAccel {
    const { setting } = this.#options;
    if (this.#verdict) return { use: this.#verdict.use, setting, reason: this.#verdict.reason };
    if (setting !== 'auto') return { use: setting, setting, reason: 'set in the configuration' };
    return { use: 'tcg', setting, reason: 'not proven yet: the first VM to start proves it' };
  }

  /** Takes up what an earlier start of Somnus has proven, so that `accel` says it before a VM starts. Never throws. */
  async recall(): Promise<void> {
    if (this.#options.setting === 'auto') this.#verdict ??= await rememberedAccel(this.#options.accelFile);
  }

  /** Probes again, now and then when the host is idle, as long as KVM was not proven. VMs that start afterwards run under KVM; what runs goes on as it is. */
  begin(): void {
    this.#timer ??= setInterval(() => {
      this.retryWhenIdle().catch((error: unknown) => this.#options.log.warn({ err: error }, 'accel.probe-failed'));
    }, LOOK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Probes again if the last probe failed, is long enough ago, and the host is idle. */
  async retryWhenIdle(): Promise<void> {
    if (this.#options.setting !== 'auto' || this.#verdict?.use !== 'tcg') return;
    if (this.#now() - this.#probedAtMs < this.#pauseMs || !(this.#options.idle ?? hostIsIdle)()) return;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    await this.probe();
  }

  /** Probes now, also when there is a verdict. @throws not_found without a guest image; libvirt, unavailable */
  async probe(): Promise<HostAccel> {
    const before = this.#verdict?.use;
    const { hypervisor } = await this.#options.driver.hostInfo();
    this.#verdict = await this.#prove(hypervisor.version, true);
    this.#proof = Promise.resolve(this.#verdict);
    if (before !== this.#verdict.use) this.#options.log.info({ before, use: this.#verdict.use, reason: this.#verdict.reason }, 'accel.changed');
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
