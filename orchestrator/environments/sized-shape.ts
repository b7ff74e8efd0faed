// The shape of a profile with a size of its own for one environment. Pure.
import type { Shape } from '../../supervisor/domain/shape.ts';

export type Size = Pick<Shape, 'vcpus' | 'memoryMiB' | 'diskGiB'>;

/** The maxima grow with the size, and never shrink: a later profile change can use what the profile allows. */
export function sizedShape(shape: Shape, { vcpus, memoryMiB, diskGiB }: { [K in keyof Size]?: number | undefined }): Shape {
  const size: Size = { vcpus: vcpus ?? shape.vcpus, memoryMiB: memoryMiB ?? shape.memoryMiB, diskGiB: diskGiB ?? shape.diskGiB };
  return { ...shape, ...size, vcpusMax: Math.max(shape.vcpusMax, size.vcpus), memoryMaxMiB: Math.max(shape.memoryMaxMiB, size.memoryMiB) };
}
