// somnus browse: one act in the browser of an environment.
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { SomnusError } from '../../../common/errors.ts';
import type { BrowserAct, BrowserAnswer, BrowserFile } from '../../client/schema.d.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { browserText } from '../views/browser-view.ts';
import { sanitize } from '../terminal/sanitize.ts';

export interface BrowseOptions {
  tab: number | undefined;
  timeout: number | undefined;
  snapshot: 'auto' | 'full' | 'diff' | 'none' | undefined;
  maxTokens: number | undefined;
  dialogs: 'dismiss' | 'accept' | undefined;
  newTab: boolean;
  find: string | undefined;
  depth: number | undefined;
  boxes: boolean;
  button: 'left' | 'right' | 'middle' | undefined;
  double: boolean;
  in: string | undefined;
  press: string[];
  to: 'down' | 'up' | 'top' | 'bottom' | undefined;
  screens: number | undefined;
  fullPage: boolean;
  annotate: boolean;
  save: string | undefined;
  gone: string | undefined;
  url: string | undefined;
  seconds: number | undefined;
  all: boolean;
}

type Words = readonly string[];
type Own = keyof BrowseOptions;
/** Undefined members are left out of the request. */
type Loose<T> = { [K in keyof T]: T[K] | undefined };
type OwnPart<Name> = Loose<Omit<Extract<BrowserAct, { act: Name }>, 'act' | 'tab' | 'timeoutMs' | 'snapshot' | 'maxTokens' | 'dialogs'>> & { act: Name };

const isRef = (word: string | undefined): word is string => word !== undefined && /^(?:f\d+)?e\d+$/.test(word);
const always: readonly Own[] = ['tab', 'timeout', 'snapshot', 'maxTokens', 'dialogs'];

/** For each act: how its words are written, which options it has, and the request that they make. */
const acts: { readonly [Name in BrowserAct['act']]: { words: string; least: number; most: number; options: readonly Own[]; request: (words: Words, options: BrowseOptions) => OwnPart<Name> } } = {
  open: { words: 'URL', least: 1, most: 1, options: ['newTab'], request: ([url = ''], { newTab }) => ({ act: 'open', url, newTab }) },
  snapshot: { words: '[REF]', least: 0, most: 1, options: ['find', 'depth', 'boxes'], request: ([ref], { find, depth, boxes }) => ({ act: 'snapshot', ref, find, depth, boxes }) },
  map: { words: '', least: 0, most: 0, options: [], request: () => ({ act: 'map' }) },
  click: { words: 'REF', least: 1, most: 1, options: ['button', 'double'], request: ([ref = ''], { button, double }) => ({ act: 'click', ref, button, double }) },
  type: { words: '[TEXT]', least: 0, most: 1, options: ['in', 'press'], request: ([text = ''], { in: ref, press }) => ({ act: 'type', text, ref, keys: press }) },
  fill: { words: 'FIELD=VALUE…', least: 1, most: 200, options: [], request: (words) => ({ act: 'fill', fields: words.map(fieldOf) }) },
  select: { words: 'REF VALUE…', least: 2, most: 500, options: [], request: ([ref = '', ...values]) => ({ act: 'select', ref, values }) },
  upload: { words: 'REF PATH…', least: 2, most: 21, options: [], request: ([ref = '', ...paths]) => ({ act: 'upload', ref, paths }) },
  download: { words: 'REF or URL', least: 1, most: 1, options: ['save'], request: ([what = '']) => ({ act: 'download', ...(isRef(what) ? { ref: what } : { url: what }) }) },
  scroll: { words: '[REF]', least: 0, most: 1, options: ['to', 'screens'], request: ([ref], { to, screens }) => ({ act: 'scroll', ref, direction: to, screens }) },
  back: { words: '', least: 0, most: 0, options: [], request: () => ({ act: 'back' }) },
  screenshot: { words: '[REF]', least: 0, most: 1, options: ['fullPage', 'annotate', 'save'], request: ([ref], { fullPage, annotate }) => ({ act: 'screenshot', ref, fullPage, annotate }) },
  pdf: { words: '', least: 0, most: 0, options: ['save'], request: () => ({ act: 'pdf' }) },
  tabs: { words: '', least: 0, most: 0, options: [], request: () => ({ act: 'tabs' }) },
  wait: { words: '[TEXT]', least: 0, most: 1, options: ['gone', 'url', 'seconds'], request: ([text], { gone, url, seconds }) => ({ act: 'wait', text, textGone: gone, url, seconds }) },
  eval: { words: 'EXPRESSION', least: 1, most: 1, options: [], request: ([expression = '']) => ({ act: 'eval', expression }) },
  close: { words: '', least: 0, most: 0, options: ['all'], request: (_words, { all }) => ({ act: 'close', all }) },
};

export async function browse(cli: Cli, { name, act, words }: { name: string; act: string; words: string[] }, options: BrowseOptions): Promise<void> {
  const request = requestOf(act, words, options);
  const api = await cli.api();
  const { snapshot, tab, maxTokens, dialogs, timeout } = options;
  const body = { ...request, snapshot, tab, maxTokens, dialogs, ...(timeout === undefined ? {} : { timeoutMs: timeout }) } as BrowserAct;
  const answer: BrowserAnswer = await api.call('post', '/v1/environments/{ref}/browser', { path: { ref: name }, body, timeoutMs: (timeout ?? 30_000) + 300_000 });
  const [file] = answer.files;
  if (options.save !== undefined && file !== undefined) await save(api, name, file, options.save);
  for (const sentence of answer.injections) cli.out.note(`The page tries to instruct an agent: ${sanitize(sentence)}`);
  if (answer.repeats >= 2) cli.out.note(`This act has left the page as it was ${answer.repeats + 1} times in a row.`);
  cli.out.result(answer, () => browserText(request.act, answer));
}

function requestOf(act: string, words: Words, options: BrowseOptions): OwnPart<BrowserAct['act']> {
  if (!Object.hasOwn(acts, act)) throw new SomnusError('invalid_request', `"${act}" is not an act`, { hint: `Use one of: ${Object.keys(acts).join(', ')}.` });
  const { words: usage, least, most, options: own, request } = acts[act as BrowserAct['act']];
  const line = `somnus browse NAME ${act}${usage === '' ? '' : ` ${usage}`}`;
  if (words.length < least || words.length > most) throw new SomnusError('invalid_request', `\`browse ${act}\` takes ${usage === '' ? 'no words' : usage}`, { hint: `Write \`${line}\`. Quote text that contains spaces.` });
  const wrong = (Object.keys(options) as Own[]).find((name) => isSet(options[name]) && !always.includes(name) && !own.includes(name));
  if (wrong !== undefined) throw new SomnusError('invalid_request', `\`browse ${act}\` has no option --${wrong.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, { hint: `Write \`${line}\`; see \`somnus browse --help\`.` });
  return request(words, options);
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
}

/** `Name=Ada` or `e12=Ada`. */
function fieldOf(word: string): { ref?: string; label?: string; value: string } {
  const at = word.indexOf('=');
  if (at < 1) throw new SomnusError('invalid_request', `"${word}" is not a field`, { hint: 'Write LABEL=VALUE or REF=VALUE, such as "Your name=Ada" or e12=Ada.' });
  const field = word.slice(0, at);
  return { ...(isRef(field) ? { ref: field } : { label: field }), value: word.slice(at + 1) };
}

async function save(api: ApiClient, name: string, { path }: BrowserFile, to: string): Promise<void> {
  const content = await api.open('get', '/v1/environments/{ref}/files', { path: { ref: name }, query: { path } });
  await pipeline(content, createWriteStream(to));
}
