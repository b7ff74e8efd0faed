// The metadata of a built image. Written last, so a folder with a manifest is a complete image.
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile } from '../common/durable-file.ts';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const ImageManifest = z.strictObject({
  /** Version of the format of the folder and this file. */
  formatVersion: z.literal(1),
  /** Hash of everything that the image was built from. */
  version: z.string(),
  createdAt: z.iso.datetime(),
  suite: z.string(),
  /** The kernel's command line; the host appends what depends on the profile (`maxcpus=`). */
  kernelCommandLine: z.string(),
  kernelRelease: z.string(),
  agentVersion: z.string(),
  contractVersion: z.int(),
  nodeVersion: z.string(),
  disk: z.strictObject({
    file: z.literal('disk'),
    /** Size as the guest sees it. */
    sizeBytes: z.int().positive(),
    /** Space used on the file system where the image was built. */
    allocatedBytes: z.int().positive(),
    /** Covers the blocks that are not all zero, each preceded by its number: see sparse-checksum.ts. */
    sparseSha256: Sha256,
  }),
  kernel: z.strictObject({ file: z.literal('kernel'), sha256: Sha256 }),
  initrd: z.strictObject({ file: z.literal('initrd'), sha256: Sha256 }),
  packages: z.array(z.strictObject({ name: z.string(), version: z.string() })),
});
export type ImageManifest = z.infer<typeof ImageManifest>;

export const MANIFEST_FILE = 'manifest.json';

/** @throws SomnusError `not_found` when the folder does not contain a complete image, `corrupt` when the manifest is damaged */
export async function readImageManifest(imageDir: string): Promise<ImageManifest> {
  return await readJsonFile(join(imageDir, MANIFEST_FILE), ImageManifest);
}
