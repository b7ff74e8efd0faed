// The knowledge graph of a space: entities and the relations between them. Finds entities that a question refers to without naming them: from
// "Ann's sister" through the relation to Maria, and from her to where she works. Independent of texts and ranks.
import type { Relation } from '../memory.ts';
import { names } from '../text/names.ts';
import { terms } from '../text/terms.ts';

/** Maximum relations to follow from what a question names, and entities to find: further away, everything is related. */
const MAX_STEPS = 2;
const MAX_REACHED = 8;

interface Edge { subject: string; predicate: readonly string[]; objects: readonly string[]; environmentId: string | undefined }
export interface Alias { name: string; alias: string; environmentId?: string | undefined }
/** Whether relations and aliases from an environment count for a question. */
type Admits = (environmentId: string | undefined) => boolean;

export class FactGraph {
  readonly #edges = new Map<number, Edge>();
  readonly #bySubject = new Map<string, Set<number>>();
  readonly #byObject = new Map<string, Set<number>>();
  /** Names of the same entity, in both directions. */
  #aliases = new Map<string, Set<{ name: string; environmentId: string | undefined }>>();

  add(record: number, { subject, predicate, object }: Relation, environmentId: string | undefined): void {
    const edge: Edge = { subject, predicate: terms(predicate), objects: entitiesIn(object), environmentId };
    this.#edges.set(record, edge);
    join(this.#bySubject, key(subject), record);
    for (const one of edge.objects) join(this.#byObject, key(one), record);
  }

  remove(record: number): void {
    const edge = this.#edges.get(record);
    if (edge === undefined) return;
    this.#edges.delete(record);
    this.#bySubject.get(key(edge.subject))?.delete(record);
    for (const one of edge.objects) this.#byObject.get(key(one))?.delete(record);
  }

  /** Replaces the known aliases. */
  setAliases(aliases: readonly Alias[]): void {
    this.#aliases = new Map();
    for (const { name, alias, environmentId } of aliases) {
      join(this.#aliases, key(name), { name: alias, environmentId });
      join(this.#aliases, key(alias), { name, environmentId });
    }
  }

  aliasesOf(name: string, admits: Admits = () => true): string[] {
    return [...new Set([...this.#aliases.get(key(name)) ?? []].filter(({ environmentId }) => admits(environmentId)).map((other) => other.name))];
  }

  /**
   * Returns entities related to the named ones, nearest first, through relations whose kind the question mentions; `content` are its terms. Aliases of
   * an entity are at distance 0.
   */
  walk(named: readonly string[], content: readonly string[], admits: Admits): { name: string; steps: number }[] {
    if (named.length === 0 || (this.#edges.size === 0 && this.#aliases.size === 0)) return [];
    const asked = new Set(content);
    const seen = new Set(named.map(key));
    const reached: { name: string; steps: number }[] = [];
    let frontier = [...named];
    for (let steps = 0; steps <= MAX_STEPS && frontier.length > 0; steps += 1) {
      const found: string[] = [];
      const reach = (name: string, distance: number): void => {
        if (seen.has(key(name)) || reached.length === MAX_REACHED) return;
        seen.add(key(name));
        reached.push({ name, steps: distance });
        found.push(name);
      };
      for (const name of frontier) for (const other of this.aliasesOf(name, admits)) reach(other, steps);
      if (steps === MAX_STEPS) break;
      for (const name of [...frontier, ...found]) {
        for (const edge of this.#about(this.#bySubject, name, asked, admits)) for (const object of edge.objects) reach(object, steps + 1);
        for (const edge of this.#about(this.#byObject, name, asked, admits)) reach(edge.subject, steps + 1);
      }
      frontier = found;
    }
    return reached;
  }

  /** The edges of an entity whose kind was asked for. */
  #about(edges: ReadonlyMap<string, ReadonlySet<number>>, name: string, asked: ReadonlySet<string>, admits: Admits): Edge[] {
    return [...edges.get(key(name)) ?? []].map((record) => this.#edges.get(record)!).filter(({ predicate, environmentId }) => admits(environmentId) && predicate.some((term) => asked.has(term)));
  }
}

/** The names in a relation's object; a capital at its beginning counts too. */
export function entitiesIn(object: string): string[] {
  return names(`about ${object}`);
}

function key(name: string): string {
  return name.toLowerCase();
}

function join<T>(sets: Map<string, Set<T>>, at: string, value: T): void {
  const set = sets.get(at);
  if (set === undefined) sets.set(at, new Set([value]));
  else set.add(value);
}
