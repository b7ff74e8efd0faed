// Extracts the plain ELF kernel from a compressed bzImage. Booted through PVH it needs no decompression in the guest, which takes seconds on an
// emulated CPU. See Documentation/arch/x86/boot.rst for the header.
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { SomnusError } from '../common/errors.ts';

const ELF_NOTE_SEGMENT = 4;
/** The note with the address where a hypervisor may enter the kernel directly (XEN_ELFNOTE_PHYS32_ENTRY). */
const PHYS32_ENTRY_NOTE = 18;

/**
 * Returns the vmlinux inside `bzImage`.
 * @throws SomnusError `unsupported` when it is not a bzImage, has an unknown compression, or has no PVH entry
 */
export function extractKernel(bzImage: Buffer): Buffer {
  if (bzImage.toString('latin1', 0x202, 0x206) !== 'HdrS') throw new SomnusError('unsupported', 'The kernel is not a bzImage');
  const setupSectors = bzImage.readUInt8(0x1f1) || 4;
  const start = (setupSectors + 1) * 512 + bzImage.readUInt32LE(0x248);
  const payload = bzImage.subarray(start, start + bzImage.readUInt32LE(0x24c));
  const kernel = decompress(payload);
  if (!hasPvhEntry(kernel)) throw new SomnusError('unsupported', 'The kernel has no PVH entry point (CONFIG_PVH is off)');
  return kernel;
}

function decompress(payload: Buffer): Buffer {
  // The kernel's build appends the uncompressed size, 4 bytes, to the compressor's output.
  if (payload.readUInt32LE(0) === 0xfd2fb528) return zstdDecompressSync(payload.subarray(0, -4));
  if (payload.readUInt16BE(0) === 0x1f8b) return gunzipSync(payload);
  throw new SomnusError('unsupported', "The kernel's compression is not supported: neither zstd nor gzip");
}

function hasPvhEntry(elf: Buffer): boolean {
  if (elf.toString('latin1', 0, 4) !== '\x7fELF') return false;
  const tableOffset = Number(elf.readBigUInt64LE(0x20));
  const entrySize = elf.readUInt16LE(0x36);
  for (let index = 0; index < elf.readUInt16LE(0x38); index += 1) {
    const at = tableOffset + index * entrySize;
    if (elf.readUInt32LE(at) !== ELF_NOTE_SEGMENT) continue;
    const offset = Number(elf.readBigUInt64LE(at + 8));
    const size = Number(elf.readBigUInt64LE(at + 32));
    if (noteTypes(elf.subarray(offset, offset + size)).includes(PHYS32_ENTRY_NOTE)) return true;
  }
  return false;
}

function noteTypes(notes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 12 <= notes.length;) {
    types.push(notes.readUInt32LE(at + 8));
    at += 12 + align4(notes.readUInt32LE(at)) + align4(notes.readUInt32LE(at + 4));
  }
  return types;
}

const align4 = (size: number): number => (size + 3) & ~3;
