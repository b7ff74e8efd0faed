// Finds what could come next on a command line: from the command table, and names from the API.
import { posix } from 'node:path';
import { judge } from '../../../supervisor/domain/states.ts';
import type { ApiClient } from '../api/api-client.ts';
import { isNamed, type Argument, type Command, type CommandGroup, type CommandSection, type Completes, type Option } from '../command.ts';
import { formats } from '../terminal/output.ts';

/** A candidate word. `:files` and `:nospace` are for the shell: also complete files, add no space. */
export interface Candidate { word: string; summary?: string }

/** A shell should not wait longer for names. */
const timeoutMs = 1500;

type Entry = Command | CommandGroup;

/** `words` are those after `somnus`; the last is the beginning of the next word. Never throws: returns nothing instead. */
export async function complete(table: readonly CommandSection[], words: readonly string[], api: () => Promise<ApiClient>): Promise<Candidate[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const entries = table.flatMap((section) => section.entries);
  const { entry, rest } = find(entries, before);
  const found = await candidates(entries, entry, rest, current, api);
  return found.filter(({ word }) => word.startsWith(current) || word.startsWith(':'));
}

/** The command that the words name, and the words after it. */
function find(entries: readonly Entry[], words: readonly string[]): { entry: Entry | undefined; rest: readonly string[] } {
  const [first, second] = words;
  const entry = entries.find((each) => isNamed(each, first));
  if (entry === undefined) return { entry, rest: words };
  if (entry.kind === 'command') return { entry, rest: words.slice(1) };
  const command = entry.commands.find((each) => isNamed(each, second));
  return command === undefined ? { entry, rest: words.slice(1) } : { entry: command, rest: words.slice(2) };
}

async function candidates(entries: readonly Entry[], entry: Entry | undefined, rest: readonly string[], current: string, api: () => Promise<ApiClient>): Promise<Candidate[]> {
  if (entry === undefined) return rest.length > 0 ? [] : entries.map(({ name, summary }) => ({ word: name, summary }));
  if (entry.kind === 'group') return rest.length > 0 ? [] : entry.commands.map(({ name, summary }) => ({ word: name, summary }));
  if (rest.includes('--')) return [{ word: ':files' }];
  const options = Object.values(entry.options);
  const open = rest.at(-1);
  if (open === '-o' || open === '--output') return formats.map((word) => ({ word }));
  const waiting = options.find((option) => option.kind !== 'flag' && option.kind !== 'negatable' && flagsOf(option).includes(open ?? ''));
  const [environment = ''] = positionalsOf(rest, options);
  if (waiting !== undefined) return await valuesOf(waiting, current, environment, api);
  if (current.startsWith('-')) return optionWords(entry, options);
  const given = positionalsOf(rest, options);
  const place = argumentAt(entry, given.length);
  const found = await valuesOf(place, current, environment, api);
  return place?.arity === 'many' && place.completes !== 'copy' ? found.filter(({ word }) => !given.includes(word)) : found;
}

function optionWords(command: Command, options: readonly Option<unknown>[]): Candidate[] {
  const own = options.flatMap((option) => {
    const [long] = flagsOf(option).filter((word) => word.startsWith('--'));
    const words = long === undefined ? [] : option.kind === 'negatable' ? [long, long.replace('--', '--no-')] : [long];
    return words.map((word) => ({ word, summary: option.summary }));
  });
  return [...own, { word: '--output', summary: 'output format' }, ...(command.quiet ? [{ word: '--quiet', summary: 'print only the name or id' }] : []), { word: '--help', summary: 'help and examples' }];
}

function flagsOf(option: Option<unknown>): string[] {
  return option.flags.split(/[ ,]+/).filter((word) => word.startsWith('-'));
}

function positionalsOf(words: readonly string[], options: readonly Option<unknown>[]): string[] {
  const valued = options.filter(({ kind }) => kind === 'value' || kind === 'list').flatMap(flagsOf);
  return words.filter((word, at) => !word.startsWith('-') && ![...valued, '-o', '--output'].includes(words[at - 1] ?? ''));
}

function argumentAt(command: Command, at: number): Argument<unknown> | undefined {
  const all = Object.values(command.arguments);
  const last = all.at(-1);
  return all[at] ?? (last !== undefined && last.arity !== 'one' ? last : undefined);
}

async function valuesOf(place: Pick<Argument<unknown>, 'choices' | 'completes' | 'action'> | undefined, current: string, environment: string, api: () => Promise<ApiClient>): Promise<Candidate[]> {
  if (place?.choices !== undefined) return place.choices.map((word) => ({ word }));
  if (place?.completes === undefined) return [];
  if (place.completes === 'file') return [{ word: ':files' }];
  if (place.completes !== 'copy') return await names(place.completes, environment, api, place.action);
  const guest = /^([^/.:][^/:]*):(.*)$/s.exec(current);
  if (guest !== null) return await guestPaths(guest[1] ?? '', guest[2] ?? '', api);
  const environments = await names('environment', '', api, 'exec');
  return [...environments.map(({ word, summary }) => ({ word: `${word}:`, ...(summary === undefined ? {} : { summary }) })), { word: ':nospace' }, { word: ':files' }];
}

type Source = (client: ApiClient, environment: string, action: Argument<unknown>['action']) => Promise<Candidate[]>;

/** `environment` is the one on the command line, for things that belong to an environment. */
const sources: Readonly<Record<Exclude<Completes, 'file' | 'copy'>, Source>> = {
  environment: async (client, _environment, action) => {
    const { items } = await client.call('get', '/v1/environments', { query: { removed: action === 'undelete' ? 'only' : undefined }, timeoutMs });
    return items.filter(({ state }) => action === undefined || action === 'cancel' || judge(action, state) === 'allowed').map(({ name, state }) => ({ word: name, summary: state }));
  },
  artifact: async (client, _environment, action) => {
    const { items } = await client.call('get', '/v1/artifacts', { query: { removed: action === 'undelete' ? 'only' : undefined }, timeoutMs });
    return items.map(({ id, title, type }) => (/^[\w.,+@%=-]+$/.test(title) ? { word: title, summary: type } : { word: id, summary: title })); // a shell would split other titles
  },
  snapshot: async (client, ref, action) => {
    const { items } = await client.call('get', '/v1/environments/{ref}/snapshots', { path: { ref }, query: { removed: action === 'undelete' ? 'only' : undefined }, timeoutMs });
    return items.map(({ name, description }) => ({ word: name, summary: description }));
  },
  operation: async (client, _environment, action) => {
    const { items } = await client.call('get', '/v1/operations', { timeoutMs });
    return items.filter(({ status }) => action !== 'cancel' || status === 'queued' || status === 'running').map(({ id, kind, status }) => ({ word: id, summary: `${kind} ${status}` }));
  },
  profile: async (client) => (await client.call('get', '/v1/profiles', { timeoutMs })).items.map(({ name, description }) => ({ word: name, summary: description })),
  pack: async (client) => (await client.call('get', '/v1/packs', { timeoutMs })).items.map(({ name, description }) => ({ word: name, ...(description === null ? {} : { summary: description }) })),
  'installed-pack': async (client, ref) => (await client.call('get', '/v1/environments/{ref}/packs', { path: { ref }, timeoutMs })).items.map(({ name, version }) => ({ word: name, summary: version })),
  image: async (client) => (await client.call('get', '/v1/images', { timeoutMs })).items.map(({ version }) => ({ word: version })),
  workflow: async (client, environment, action) => [...['fact-check', 'deep-dive', 'collect'].map((word) => ({ word, summary: 'built in' })), ...await sources['own workflow'](client, environment, action)],
  'own workflow': async (client) => (await client.call('get', '/v1/research/workflows', { timeoutMs })).items.map(({ name, description }) => ({ word: name, summary: description })),
  collaboration: async (client) => (await client.call('get', '/v1/collaborations', { timeoutMs })).items.map(({ name, status }) => ({ word: name, summary: status })),
  key: async (client) => (await client.call('get', '/v1/keys', { timeoutMs })).items.map(({ id, name }) => ({ word: id, summary: name })),
};

async function names(what: keyof typeof sources, environment: string, api: () => Promise<ApiClient>, action?: Argument<unknown>['action']): Promise<Candidate[]> {
  try {
    return await sources[what](await api(), environment, action);
  } catch {
    return [];
  }
}

/** What is in the folder of a path that is being typed. Names that a shell would read differently are left out. */
async function guestPaths(name: string, typed: string, api: () => Promise<ApiClient>): Promise<Candidate[]> {
  const folder = typed.slice(0, typed.lastIndexOf('/') + 1);
  try {
    const client = await api();
    const { items } = await client.call('get', '/v1/environments/{ref}/files/list', { path: { ref: name }, query: { path: posix.resolve('/root', folder), limit: 500 }, timeoutMs });
    const found = items.filter((entry) => /^[\w.,+@%=-]+$/.test(entry.name)).map((entry) => ({ word: `${name}:${folder}${entry.name}${entry.type === 'directory' ? '/' : ''}` }));
    return [...found, { word: ':nospace' }];
  } catch {
    return [];
  }
}
