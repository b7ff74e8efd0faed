// Checks whether a CPU can continue from the registers in a saved device state. QEMU's emulation has been observed to save registers from which it
// cannot: in QEMU 7.2 `cmpxchg8b` and `cmpxchg16b` compute the flags from a stale cc_op, and when the vCPU is stopped right after one of them, bits
// of an operand end up in RFLAGS (TF, NT, VM, IOPL…).
//
// QEMU ends its migration stream with a JSON description of the stream: the size of each field in order. So registers can be found without knowing
// the layout of each version.
import { z } from 'zod';

const SECTION_FULL = 0x04;
const VM_DESCRIPTION = 0x06;
const SECTION_FOOTER = 0x7e;
/** Bytes before a section's name (type and number), and after it (instance and version). */
const [BEFORE_NAME, AFTER_NAME] = [5, 8];
const DESCRIPTION_STARTS = ['{"configuration"', '{"page_size"'];

const Device = z.object({
  name: z.literal('cpu'), instance_id: z.int(), version: z.int(), fields: z.array(z.object({ name: z.string(), size: z.int(), array_len: z.int().optional() })),
});
type Device = z.infer<typeof Device>;

export interface CpuRegisters { vcpu: number; rip: bigint; rflags: bigint; cr0: bigint; cr4: bigint; efer: bigint; privilegeLevel: number }

const fieldsWanted = { rip: 'env.eip', rflags: 'env.eflags', hflags: 'env.hflags', cr0: 'env.cr[0]', cr4: 'env.cr[4]', efer: 'env.efer' } as const;

/** Returns the registers of each vCPU; empty when the state has no description or is not QEMU's. */
export function readRegisters(state: Buffer): CpuRegisters[] {
  return describedCpus(state).flatMap((device) => {
    const at = sectionContent(state, device);
    const found = at === undefined ? undefined : fieldValues(state, at, device);
    if (!found) return [];
    const { hflags, ...registers } = found;
    return [{ vcpu: device.instance_id, privilegeLevel: Number(hflags & 3n), ...registers }];
  });
}

const RFLAGS = { TF: 1n << 8n, IOPL: 3n << 12n, NT: 1n << 14n, VM: 1n << 17n } as const;
const [CR0_PE, CR0_PG, CR4_PAE, EFER_LMA] = [1n, 1n << 31n, 1n << 5n, 1n << 10n];

/**
 * Returns why a 64-bit guest cannot continue from these registers; undefined when it can. Guests that are not in 64-bit mode (still booting) are not
 * judged. Reserved bits of RFLAGS are not a fault: once QEMU has set one it stays set, and has no effect.
 */
function registerFault({ vcpu, rip, rflags, cr0, cr4, efer, privilegeLevel }: CpuRegisters): string | undefined {
  if ((efer & EFER_LMA) === 0n) return undefined;
  const hex = (value: bigint): string => `0x${value.toString(16).padStart(8, '0')}`;
  const set = (Object.keys(RFLAGS) as (keyof typeof RFLAGS)[]).filter((flag) => (rflags & RFLAGS[flag]) !== 0n && (flag === 'VM' || privilegeLevel === 0));
  if (set.length > 0) return `vCPU ${vcpu}: RFLAGS is ${hex(rflags)}, with ${set.join(', ')} set at privilege level ${privilegeLevel}`;
  if ((rflags & 2n) === 0n) return `vCPU ${vcpu}: RFLAGS is ${hex(rflags)}, without the bit that is always set`;
  if ((cr0 & CR0_PE) === 0n || (cr0 & CR0_PG) === 0n || (cr4 & CR4_PAE) === 0n) return `vCPU ${vcpu}: 64-bit mode with CR0 ${hex(cr0)} and CR4 ${hex(cr4)}`;
  const sign = BigInt.asUintN(64, BigInt.asIntN(57, rip));
  return sign === rip ? undefined : `vCPU ${vcpu}: RIP ${hex(rip)} is not a canonical address`;
}

/** Returns the first fault of a saved device state. */
export function stateFault(state: Buffer): string | undefined {
  return readRegisters(state).map(registerFault).find((fault) => fault !== undefined);
}

function describedCpus(state: Buffer): Device[] {
  const at = DESCRIPTION_STARTS.map((start) => state.lastIndexOf(start)).find((found) => found >= 5 && state[found - 5] === VM_DESCRIPTION) ?? 0;
  if (at === 0) return [];
  try {
    const { devices } = z.object({ devices: z.array(z.unknown()) }).parse(JSON.parse(state.toString('latin1', at, at + state.readUInt32BE(at - 4))));
    return devices.flatMap((device) => Device.safeParse(device).data ?? []);
  } catch {
    return []; // not in a format that we know
  }
}

/** Returns where the content of a device's section begins; undefined when no section is followed by a footer with the same number. */
function sectionContent(state: Buffer, { name, instance_id, version, fields }: Device): number | undefined {
  const head = Buffer.alloc(1 + name.length + AFTER_NAME);
  head.writeUInt8(name.length, 0);
  head.write(name, 1, 'latin1');
  head.writeUInt32BE(instance_id, 1 + name.length);
  head.writeUInt32BE(version, 5 + name.length);
  const length = fields.reduce((total, { size, array_len: count = 1 }) => total + size * count, 0);
  for (let at = state.indexOf(head); at >= 0; at = state.indexOf(head, at + 1)) {
    const content = at + head.length;
    if (at >= BEFORE_NAME && state[at - BEFORE_NAME] === SECTION_FULL && content + length <= state.length && state.indexOf(footer(state, at), content + length) >= 0) return content;
  }
  return undefined;
}

/** Returns the bytes that end the section whose name begins at `at`: its number again, perhaps after subsections. */
function footer(state: Buffer, at: number): Buffer {
  return Buffer.concat([Buffer.from([SECTION_FOOTER]), state.subarray(at - 4, at)]);
}

function fieldValues(state: Buffer, at: number, { fields }: Device): Record<keyof typeof fieldsWanted, bigint> | undefined {
  const values = new Map<string, bigint>();
  let offset = at;
  for (const { name, size, array_len: count = 1 } of fields) {
    if (count === 1 && (size === 8 || size === 4)) values.set(name, size === 8 ? state.readBigUInt64BE(offset) : BigInt(state.readUInt32BE(offset)));
    offset += size * count;
  }
  const found = Object.entries(fieldsWanted).map(([key, field]) => [key, values.get(field)] as const);
  return found.every(([, value]) => value !== undefined) ? Object.fromEntries(found) as Record<keyof typeof fieldsWanted, bigint> : undefined;
}
