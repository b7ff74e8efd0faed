// Which packs an environment has, from the entries of its history that led to its present state. Pure.
import type { Pack } from './pack.ts';
import type { InstalledPack } from './pack-schemas.ts';
import type { StoredEntry } from './sqlite-pack-history.ts';

/** A pack of an environment, with what only planning needs. */
export interface PresentPack extends InstalledPack {
  /** The digests of its installed steps, in order. */
  digests: string[];
  /** The version that was completed last, with its content; undefined if none was. */
  completed: Pack | undefined;
  /** The digests of the steps of its uninstallation that were done, if it is in progress. */
  uninstalled: string[];
}

/** `path` is oldest first. By name. */
export function presentPacks(path: readonly StoredEntry[]): Map<string, PresentPack> {
  const found = new Map<string, PresentPack>();
  for (const entry of path) {
    const { pack: name, version, step, action, completes, digest, definition, at, actor, number } = entry;
    if (action === 'before' || step === null || digest === null) continue;
    const before = found.get(name);
    const now = { at, actor, entry: number };
    if (action === 'uninstall') {
      if (completes) found.delete(name);
      else if (before) found.set(name, { ...before, ...now, complete: false, uninstalled: [...before.uninstalled, digest] });
      continue;
    }
    const starts = before === undefined || before.uninstalled.length > 0 || (before.complete && before.version !== version);
    found.set(name, {
      name, version, ...now, complete: completes, uninstalled: [],
      steps: [...new Set([...(starts ? [] : before.steps), step])], digests: [...(starts ? [] : before.digests), digest],
      depends: definition?.depends ?? before?.depends ?? [], completed: definition ?? before?.completed,
    });
  }
  return found;
}

export function shownPack({ name, version, complete, steps, depends, at, actor, entry }: PresentPack): InstalledPack {
  return { name, version, complete, steps, depends, at, actor, entry };
}
