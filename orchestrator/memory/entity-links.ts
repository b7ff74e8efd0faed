// Which names are names of the same: found when a space is consolidated, kept as a sealed note, and used by the graph. Every link knows the memories it was read
// from; when one of them is forgotten the link goes with it.
import { z } from 'zod';
import { toSomnusError } from '../../common/errors.ts';
import { MemoryId, type Memory } from './memory.ts';
import type { OpenSpace } from './open-space.ts';
import type { MemoryStore } from './store/memory-store.ts';

export const EntityLink = z.strictObject({ name: z.string(), alias: z.string(), sources: z.array(MemoryId).min(1) });
export type EntityLink = z.infer<typeof EntityLink>;

const NOTE = 'entity links';
const Links = z.strictObject({ links: z.array(EntityLink), before: z.array(EntityLink) });

/** Links that facts and mentions tell: a speaker's own name, and a short name that begins one longer name alone. */
export function findLinks(facts: readonly Memory[], mentions: ReadonlyMap<string, readonly string[]>): EntityLink[] {
  const links = facts.flatMap(({ id, relation }): EntityLink[] => relation?.predicate === 'name' && !same(relation.subject, relation.object) ? [{ name: relation.object, alias: relation.subject, sources: [id] }] : []);
  const long = [...mentions.keys()].filter((name) => name.includes(' '));
  for (const [name, [source]] of mentions) {
    const longer = name.includes(' ') ? [] : long.filter((one) => same(one.split(' ')[0]!, name));
    const [only] = longer;
    const [other] = only === undefined ? [] : mentions.get(only) ?? [];
    if (longer.length === 1 && only !== undefined && source !== undefined && other !== undefined) links.push({ name: only, alias: name, sources: [...new Set([source, other])] });
  }
  return links.filter((link, i) => links.findIndex((one) => alike(one, link)) === i);
}

/** Those that are not known yet. */
export function newLinks(known: readonly EntityLink[], found: readonly EntityLink[]): EntityLink[] {
  return found.filter((link) => !known.some((one) => alike(one, link)));
}

/** None when the note is damaged: consolidation finds them again, and nobody is kept from unlocking. */
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

/** Keeps the links, and those of before the round at hand for its undo. */
export function writeLinks(space: OpenSpace, store: MemoryStore, state: z.infer<typeof Links>): void {
  store.writeNote(space.row.id, NOTE, space.keys.seal(Buffer.from(JSON.stringify(state)), NOTE));
  useLinks(space, state.links);
}

export function useLinks(space: OpenSpace, links: readonly EntityLink[]): void {
  space.index.graph.setAliases(links.map(({ name, alias }) => [name, alias] as const));
}

/** Takes away what was read from memories that are forgotten. */
export function forgetLinks(space: OpenSpace, store: MemoryStore, ids: ReadonlySet<string>): void {
  const { links, before } = readLinks(space, store);
  const stays = ({ sources }: EntityLink): boolean => !sources.some((id) => ids.has(id));
  if (![...links, ...before].every(stays)) writeLinks(space, store, { links: links.filter(stays), before: before.filter(stays) });
}

function alike(a: EntityLink, b: EntityLink): boolean {
  return same(a.name, b.name) && same(a.alias, b.alias);
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
