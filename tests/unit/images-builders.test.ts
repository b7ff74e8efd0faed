import { execFileSync } from 'node:child_process';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bundleAgent } from '../../images/agent-bundle.ts';
import { cpioArchive } from '../../images/cpio-archive.ts';
import { moduleFiles } from '../../images/guest-initrd.ts';
import { extractKernel } from '../../images/kernel-image.ts';
import { sparseSha256 } from '../../images/sparse-checksum.ts';
import { isOfLivingProcess, stagingName } from '../../images/staging-name.ts';

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'images-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('Another cpio program unpacks the archive', () => {
  const folder = scratch();
  const archive = cpioArchive([
    { kind: 'folder', path: 'dir' },
    { kind: 'file', path: 'dir/odd', content: Buffer.from('abcde') },
    { kind: 'file', path: 'init', content: Buffer.from('#!/bin/sh\n'), executable: true },
    { kind: 'file', path: 'empty', content: Buffer.alloc(0) },
  ]);
  execFileSync('busybox', ['cpio', '-idm'], { cwd: folder, input: archive, stdio: ['pipe', 'pipe', 'pipe'] });
  expect(readFileSync(join(folder, 'dir/odd'), 'utf8')).toBe('abcde');
  expect(statSync(join(folder, 'init')).mode & 0o777).toBe(0o755);
  expect(statSync(join(folder, 'dir/odd')).mode & 0o777).toBe(0o644);
  expect(statSync(join(folder, 'empty')).size).toBe(0);
});

/** An ELF with only one note of this type. */
function elfWithNote(type: number): Buffer {
  const elf = Buffer.alloc(64 + 56 + 24);
  elf.write('\x7fELF', 0, 'latin1');
  elf.writeBigUInt64LE(64n, 0x20); // the program headers follow this one
  elf.writeUInt16LE(56, 0x36);
  elf.writeUInt16LE(1, 0x38);
  elf.writeUInt32LE(4, 64); // a segment of notes
  elf.writeBigUInt64LE(120n, 64 + 8);
  elf.writeBigUInt64LE(24n, 64 + 32);
  elf.writeUInt32LE(4, 120);
  elf.writeUInt32LE(8, 124);
  elf.writeUInt32LE(type, 128);
  elf.write('Xen\0', 132, 'latin1');
  return elf;
}

/** A bzImage around this payload: one setup sector, then the payload at 16 bytes into the protected-mode part. */
function bzImage(payload: Buffer): Buffer {
  const header = Buffer.alloc(1024 + 16);
  header.writeUInt8(1, 0x1f1);
  header.write('HdrS', 0x202, 'latin1');
  header.writeUInt32LE(16, 0x248);
  header.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([header, payload, Buffer.from('trailing')]);
}

const withSize = (compressed: Buffer): Buffer => Buffer.concat([compressed, Buffer.alloc(4)]);

test('The kernel is extracted from its bzImage, compressed by zstd or gzip', () => {
  const kernel = elfWithNote(18);
  expect(extractKernel(bzImage(withSize(zstdCompressSync(kernel))))).toEqual(kernel);
  expect(extractKernel(bzImage(gzipSync(kernel)))).toEqual(kernel);
});

test('A kernel that QEMU could not start is refused when the image is built', () => {
  expect(() => extractKernel(bzImage(gzipSync(elfWithNote(7))))).toThrow(expect.objectContaining({ code: 'unsupported', message: expect.stringContaining('PVH') as string }));
  expect(() => extractKernel(bzImage(Buffer.from('not known to anyone')))).toThrow(expect.objectContaining({ code: 'unsupported' }));
  expect(() => extractKernel(Buffer.alloc(4096))).toThrow(expect.objectContaining({ code: 'unsupported' }));
});

test('Kernel modules are loaded after their dependencies, each once', () => {
  const dep = [
    'kernel/drivers/net/virtio_net.ko.xz: kernel/drivers/net/net_failover.ko.xz kernel/net/core/failover.ko.xz',
    'kernel/drivers/net/net_failover.ko.xz: kernel/net/core/failover.ko.xz',
    'kernel/net/core/failover.ko.xz:',
    'kernel/drivers/char/hw_random/virtio-rng.ko.xz:',
  ].join('\n');
  expect(moduleFiles(dep, ['virtio_net', 'virtio_rng', 'net_failover'])).toEqual([
    'kernel/net/core/failover.ko.xz', 'kernel/drivers/net/net_failover.ko.xz', 'kernel/drivers/net/virtio_net.ko.xz', 'kernel/drivers/char/hw_random/virtio-rng.ko.xz',
  ]);
  expect(() => moduleFiles(dep, ['nvme'])).toThrow(expect.objectContaining({ code: 'not_found' }));
});

test('A disk has the same checksum with its zeros stored or omitted, and another when a byte changes', async () => {
  const folder = scratch();
  const MiB = 1_048_576;
  const content = Buffer.concat([Buffer.alloc(3 * MiB), Buffer.from('data'), Buffer.alloc(2 * MiB)]);
  const dense = join(folder, 'dense');
  writeFileSync(dense, content);
  const sparse = join(folder, 'sparse,odd'); // a comma has a meaning for QEMU's tools
  {
    await using file = await open(sparse, 'w');
    await file.truncate(content.length);
    await file.write('data', 3 * MiB);
  }
  expect(await sparseSha256(sparse)).toBe(await sparseSha256(dense));
  const other = join(folder, 'other');
  writeFileSync(other, Buffer.concat([content.subarray(0, -1), Buffer.from('x')]));
  expect(await sparseSha256(other)).not.toBe(await sparseSha256(dense));
  const longer = join(folder, 'longer');
  writeFileSync(longer, Buffer.concat([content, Buffer.alloc(1)]));
  expect(await sparseSha256(longer)).not.toBe(await sparseSha256(dense));
});

test('A staging folder shows whether its creator is alive, even if its process id was reused', () => {
  const own = stagingName();
  expect(isOfLivingProcess(own)).toBe(true);
  expect(isOfLivingProcess(own.replace(/\d+$/, '1'))).toBe(false);
  expect(isOfLivingProcess('.staging-4194305-1')).toBe(false);
  expect(isOfLivingProcess('477397bf212440d0')).toBeUndefined();
});

test('The agent is bundled to one small file without zod, the same each time', async () => {
  const [one, two] = await Promise.all([bundleAgent(), bundleAgent()]);
  expect(one).toEqual(two);
  expect(one.code.split(one.version).length).toBeGreaterThan(2); // in its status and in its health
  expect(one.code).not.toContain('SOMNUS_AGENT_VERSION');
  expect(one.code).not.toContain('ZodError');
  expect(one.code.length).toBeLessThan(250_000);
});
