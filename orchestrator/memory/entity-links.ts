// Links names of the same entity. Consolidation finds the links, a sealed note keeps them, and the graph uses them. Every link lists the memories it comes
// from; when one of them is forgotten, the link is removed.
import { z } from 'zod';
import { toSomnusError } from '../../common/errors.ts';
import { MemoryId, type Memory } from './memory.ts';
import type { OpenSpace } from './open-space.ts';
import type { MemoryStore } from './store/memory-store.ts';

export const EntityLink = z.strictObject({ name: z.string(), alias: z.string(), sources: z.array(MemoryId).min(1),
  /** Where the link holds; undefined: everywhere. */
  environmentId: z.string().optional() });
export type EntityLink = z.infer<typeof EntityLink>;

const NOTE = 'entity links';
const Links = z.strictObject({ links: z.array(EntityLink), before: z.array(EntityLink) });

/** Finds links in facts and mentions: a speaker's own name, and a short name that is the first word of exactly one longer name. */
export function findLinks(facts: readonly Memory[], mentions: ReadonlyMap<string, readonly string[]>, environmentId?: string): EntityLink[] {
  const links = facts.flatMap(({ id, relation }): EntityLink[] => relation?.predicate === 'name' && !same(relation.subject, relation.object) ? [{ name: relation.object, alias: relation.subject, sources: [id] }] : []);
  const long = [...mentions.keys()].filter((name) => name.includes(' '));
  for (const [name, [source]] of mentions) {
    const longer = name.includes(' ') ? [] : long.filter((one) => same(one.split(' ')[0]!, name));
    const [only] = longer;
    const [other] = only === undefined ? [] : mentions.get(only) ?? [];
    if (longer.length === 1 && only !== undefined && source !== undefined && other !== undefined) links.push({ name: only, alias: name, sources: [...new Set([source, other])] });
  }
  return links.filter((link, i) => links.findIndex((one) => alike(one, link)) === i).map((link) => environmentId === undefined ? link : { ...link, environmentId });
}

/** The links that are not known yet. */
export function newLinks(known: readonly EntityLink[], found: readonly EntityLink[]): EntityLink[] {
  return found.filter((link) => !known.some((one) => alike(one, link)));
}

/** Returns no links if the note is damaged: consolidation finds them again, and unlocking still works. */
export function readLinks(space: OpenSpace, store: MemoryStore): z.infer<typeof Links> {
  const sealed = store.readNote(space.row.id, NOTE);
  if (sealed === undefined) return { links: [], before: [] };
  try {
    return Links.parse(JSON.parse(space.keys.unseal(sealed, NOTE).toString()));
  } catch (error) {
    if (toSomnusError(error).code !== 'corrupt') throw error;
    return { links: [], before: [] };
  }
}

/** Stores the links, and those from before the current round for its undo. */
export function writeLinks(space: OpenSpace, store: MemoryStore, state: z.infer<typeof Links>): void {
  store.writeNote(space.row.id, NOTE, space.keys.seal(Buffer.from(JSON.stringify(state)), NOTE));
  useLinks(space, state.links);
}

export function useLinks(space: OpenSpace, links: readonly EntityLink[]): void {
  space.index.graph.setAliases(links);
}

/** Removes links that come from forgotten memories. */
export function forgetLinks(space: OpenSpace, store: MemoryStore, ids: ReadonlySet<string>): void {
  const { links, before } = readLinks(space, store);
  const isKept = ({ sources }: EntityLink): boolean => !sources.some((id) => ids.has(id));
  if (![...links, ...before].every(isKept)) writeLinks(space, store, { links: links.filter(isKept), before: before.filter(isKept) });
}

function alike(a: EntityLink, b: EntityLink): boolean {
  return same(a.name, b.name) && same(a.alias, b.alias) && a.environmentId === b.environmentId;
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
