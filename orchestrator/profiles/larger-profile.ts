// Chooses the next larger profile. Pure.
import type { Profile } from '../../supervisor/profiles/profile.ts';

export type Resource = 'memory' | 'cpu' | 'disk';

interface Amounts { memoryMiB: number; vcpus: number; diskGiB: number }

/** The profiles that Somnus may apply automatically, smallest first: those without a GPU. */
export function bySize(profiles: readonly Profile[]): Profile[] {
  return profiles.filter(({ gpu }) => !gpu).toSorted(({ shape: a }, { shape: b }) => a.memoryMiB - b.memoryMiB || a.vcpus - b.vcpus);
}

/** The profiles from `smallest` to `largest`; empty if one of these does not exist, or they are in the wrong order. @param sorted as from `bySize` */
export function between(sorted: readonly Profile[], { smallest, largest }: { smallest: string; largest: string }): Profile[] {
  const [first, last] = [smallest, largest].map((name) => sorted.findIndex((each) => each.name === name)) as [number, number];
  return first < 0 || last < 0 ? [] : sorted.slice(first, last + 1);
}

/** The smallest profile with more of this resource and no less of the others. @param sorted as from `bySize` */
export function largerProfile(sorted: readonly Profile[], now: Amounts, resource: Resource): Profile | undefined {
  const field = ({ memory: 'memoryMiB', cpu: 'vcpus', disk: 'diskGiB' } as const)[resource];
  return sorted.find(({ shape }) => shape[field] > now[field] && shape.memoryMiB >= now.memoryMiB && shape.vcpus >= now.vcpus);
}
