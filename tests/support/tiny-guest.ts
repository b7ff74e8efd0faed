// A guest of 68 bytes that counts, for tests of what QEMU saves: it counts in a register and in RAM, and writes the count to the console in hexadecimal,
// one per line, with `!` before it when the two differ. So an inconsistent memory state shows immediately.
import { randomInt, randomUUID } from 'node:crypto';
import { chmod, chown, copyFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pollUntil } from '../../common/deadline.ts';
import { runCommand } from '../../common/run-command.ts';
import { buildDomainXml, runFiles, type DomainShape } from '../../supervisor/domain/domain-xml.ts';
import { letQemuPassLibvirtFolder } from '../../supervisor/host/libvirt-folder.ts';
import { vmUser } from '../../supervisor/vms/vm-user.ts';
import { makeDiskFolder } from './clean-up.ts';

const LOAD_AT = 0x10_0000;
const HEADER_BYTES = 32;
const countingCode = Buffer.from([
  'be 00002000', //  mov esi, 0x200000
  '31ed', //         xor ebp, ebp
  '892e', //         mov [esi], ebp
  '45', //     next: inc ebp
  'ff06', //         inc dword [esi]
  '89e8', //         mov eax, ebp
  '66ba f803', //    mov dx, 0x3f8
  '392e', //         cmp [esi], ebp
  '7403', //         je print
  'b021 ee', //      out '!'
  'bf 08000000', // print: mov edi, 8
  'c1c004', //   digit: rol eax, 4
  '89c3 83e30f', //  mov ebx, eax; and ebx, 15
  '80c330', //       add bl, '0'
  '80fb39 7603', //  cmp bl, '9'; jbe put
  '80c327', //       add bl, 'a' - '9' - 1
  '93ee93', //  put: out bl
  '4f 75e7', //      dec edi; jnz digit
  'b00a ee', //      out newline
  'b9 00000400', //  mov ecx, 262144
  '49 75fd', // wait: dec ecx; jnz wait
  'ebc5', //         jmp next
].join('').replaceAll(' ', ''), 'hex');

/**
 * A 64-bit guest that spends part of its time where QEMU 7.2 computes wrong flags: right after a `cmpxchg16b` whose operand comparison left 0x5002 (NT and IOPL 1) in the
 * place from which it then takes RFLAGS. Between such loops it sets RFLAGS correctly and waits. Writes a line to the console each round.
 */
export const wrongFlagsCode = Buffer.from([
  'c705 00003000 03103000 c705 00103000 03203000', // page tables: 0x300000 → 0x301000 → 0x302000
  'c705 00203000 83000000 c705 08203000 83002000', // of two pages of 2 MiB, as they are
  '0f20e0 83c820 0f22e0', //          mov eax, cr4; or eax, PAE; mov cr4, eax
  'b8 00003000 0f22d8', //            mov eax, 0x300000; mov cr3, eax
  'b9 800000c0 0f32 80cc01 0f30', //  EFER.LME
  '0f20c0 0d 00000080 0f22c0', //     CR0.PG
  '0f0115 7e001000', //               lgdt
  'ea 94001000 0800', //              jmp 8:long
  '0f00 84001000', //                 gdtr
  '0000000000000000 ffff0000009aaf00', // gdt: a 64-bit code segment
  'bc 00003100 be 00002000 31ed', // long: mov esp, 0x310000; mov esi, 0x200000; xor ebp, ebp
  'bf 00000600', //          round: mov edi, 0x60000
  '4881fd 02500000', //      again: cmp rbp, 0x5002
  'f0480fc70e', //                  lock cmpxchg16b [rsi]
  '7400 ffcf 75ee', //              je next; next: dec edi; jnz again
  '6a02 9d', //                     push 2; popfq
  '66ba f803 b02e ee b00a ee', //   a line
  'b9 00000002 ffc9 75fc', //       wait
  'ebd1', //                        jmp round
].join('').replaceAll(' ', ''), 'hex');

/** A multiboot kernel that is loaded and entered where its header says. */
function kernel(code: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const flags = 0x1_0000;
  [0x1bad_b002, flags, -(0x1bad_b002 + flags) >>> 0, LOAD_AT, LOAD_AT, 0, 0, LOAD_AT + HEADER_BYTES].forEach((word, index) => header.writeUInt32LE(word, index * 4));
  return Buffer.concat([header, code]);
}

export interface TinyGuest {
  shape: DomainShape;
  /** Beside the RAM and the disk, not visible to QEMU. */
  folder: string;
  xml(options?: { incoming?: boolean }): string;
  /** Everything written to the console so far, one count a line. */
  counts(): Promise<string[]>;
  /** The count once it is past `count`. */
  untilPast(count: number): Promise<number>;
  remove(): Promise<void>;
}

/** Creates folder, files and tap; `from`, which must be suspended, provides RAM, disk and the console so far. */
export async function tinyGuest(options: { from?: TinyGuest; code?: Buffer } = {}): Promise<TinyGuest> {
  const id = randomUUID();
  const folder = await makeDiskFolder(); // /tmp may be in memory, where QEMU cannot bypass the cache
  const runDir = join(folder, 'run');
  const tapName = `lvt${id.slice(0, 8)}`;
  const user = vmUser('fffe', 1 + randomInt(4000), Number((await runCommand('id', ['-g', 'libvirt-qemu'])).stdout));
  const { uid, gid } = user;
  await letQemuPassLibvirtFolder(join(folder, 'libvirt-folder.before'));
  await mkdir(join(runDir, runFiles.qemuFolder), { recursive: true });
  for (const [name, bytes] of [['disk', 1 << 20], ['ram', 64 << 20]] as const) {
    const path = join(folder, name);
    if (options.from) {
      await copyFile(join(options.from.folder, name), path);
    } else {
      await writeFile(path, '', { mode: 0o600 });
      await truncate(path, bytes);
    }
    await chown(path, uid, gid);
  }
  if (options.from) await copyFile(join(options.from.shape.runDir, runFiles.consoleLog), join(runDir, runFiles.consoleLog)); // it may end in the middle of a line
  await writeFile(join(folder, 'kernel'), kernel(options.code ?? countingCode));
  await writeFile(join(folder, 'initrd'), 'not needed');
  await chmod(folder, 0o711);
  await chmod(runDir, 0o711);
  await chown(join(runDir, runFiles.qemuFolder), uid, gid);
  await chmod(join(runDir, runFiles.qemuFolder), 0o700);
  await runCommand('ip', ['tuntap', 'add', tapName, 'mode', 'tap']);
  const shape: DomainShape = {
    name: `lvt-tiny-${id}`, uuid: id, vcpusMax: 1, memoryMaxMiB: 64, accel: 'tcg', machineType: 'pc', cpuModel: 'maximum', watchdog: false, helper: false, nestedVirtualization: false, folder, user, kernelCmdline: '', mac: '52:54:00:76:74:01',
    tapName, runDir, genid: randomUUID(), diskSerial: id.slice(0, 8), metadata: { environmentId: 'lvt', installation: 'test' },
  };
  const counts = async (): Promise<string[]> => (await readFile(join(runDir, runFiles.consoleLog), 'latin1').catch(() => '')).split('\n').slice(0, -1);
  return {
    shape,
    folder,
    xml: ({ incoming = false } = {}) => buildDomainXml({ ...shape, incoming }),
    counts,
    untilPast: async (count) => await pollUntil(`the guest to count past ${count}`, { timeoutMs: 120_000, intervalMs: 20 }, async () => {
      const last = Number.parseInt((await counts()).at(-1) ?? '', 16);
      return last > count ? last : undefined;
    }),
    remove: async () => {
      await runCommand('ip', ['link', 'delete', tapName], { allowExit: [1] });
      await rm(folder, { recursive: true });
    },
  };
}
