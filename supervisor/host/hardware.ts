// What VMs of this host run on: accelerator, machine type, CPU model. Found out when first needed, since the proof needs a guest image.
import type { Logger } from '../../common/log.ts';
import type { VmDriver } from '../libvirt/vm-driver.ts';
import type { Hardware } from '../machines/machine.ts';
import type { ImageStore } from '../storage/image-store.ts';
import { chooseAccel, rememberedAccel, type AccelVerdict } from './accel.ts';

export interface HardwareOptions {
  setting: 'auto' | 'kvm' | 'tcg';
  accelFile: string;
  driver: VmDriver;
  images: ImageStore;
  log: Logger;
}

export class HostHardware {
  readonly #options: HardwareOptions;
  #proof: Promise<AccelVerdict> | undefined;
  #verdict: AccelVerdict | undefined;

  constructor(options: HardwareOptions) {
    this.#options = options;
  }

  /** What is known so far, without waiting. */
  get accel(): { use: 'kvm' | 'tcg'; setting: 'auto' | 'kvm' | 'tcg'; reason: string } {
    const { setting } = this.#options;
    if (this.#verdict) return { use: this.#verdict.use, setting, reason: this.#verdict.reason };
    if (setting !== 'auto') return { use: setting, setting, reason: 'set in the configuration' };
    return { use: 'tcg', setting, reason: 'not proven yet: the first VM to start proves it' };
  }

  /** Takes up what an earlier start of Somnus has proven, so that `accel` says it before a VM starts. Never throws. */
  async recall(): Promise<void> {
    if (this.#options.setting === 'auto') this.#verdict ??= await rememberedAccel(this.#options.accelFile);
  }

  async get(): Promise<Hardware> {
    const { driver } = this.#options;
    const info = await driver.hostInfo();
    this.#proof ??= this.#prove(info.hypervisor.version);
    this.#proof.catch(() => { this.#proof = undefined; });
    const { use } = this.#verdict = await this.#proof;
    return {
      accel: use,
      machineType: info.guests.machineTypes.find(({ name }) => name === 'pc')?.canonical ?? 'pc',
      cpuModel: use === 'kvm' ? 'host-passthrough' : 'maximum',
      qemuVersion: info.hypervisor.version,
    };
  }

  async #prove(qemuVersion: string): Promise<AccelVerdict> {
    const { setting, accelFile, images, log } = this.#options;
    const { folder } = await images.current();
    return await chooseAccel({ setting, file: accelFile, qemuVersion, probe: { kernel: `${folder}/kernel`, initrd: `${folder}/initrd` }, log });
  }
}
