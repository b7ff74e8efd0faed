// Collects pages: from the store if they are fresh enough, otherwise from the web with a conditional request. Stores each page as it was received; a confined process reads it.
import { newId } from '../../../common/ids.ts';
import { SomnusError } from '../../../common/errors.ts';
import type { ReadDocument } from '../../reading/documents/document.ts';
import type { Capture } from '../capture.ts';
import { injectionsIn } from '../evidence/injections.ts';
import type { ResearchStore } from '../store/research-stores.ts';
import { sha256, type StoredCapture } from '../store/sqlite-captures.ts';
import { blockerOf, retryAt } from './blockers.ts';
import { webAddress, type WebClient, type WebResponse } from './web-fetch.ts';

export interface CollectOptions {
  /** A stored capture that was fetched or checked within this time is used as it is. */
  maxAgeMs: number;
  allowHosts?: readonly string[] | undefined;
  /** Uses only stored captures, however old. */
  offline?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface Collected {
  capture: Capture;
  /** `unchanged`: the server confirmed that the stored capture is current. */
  from: 'store' | 'network' | 'unchanged';
}

export interface CollectorDeps {
  web: Pick<WebClient, 'get'>;
  read: (bytes: Uint8Array, hints: { mediaType: string | undefined; url: string; name: string | undefined }, signal: AbortSignal | undefined) => Promise<ReadDocument>;
  now: () => Date;
}

const MAX_BYTES = 20 * 2 ** 20;
/** Of a longer text, only the beginning is stored. The bytes are always stored completely. */
const MAX_CHARACTERS = 1_000_000;
/** The error codes with which the reader refuses a document that it cannot or may not read. */
const unreadable = new Set(['unsupported_media_type', 'unsupported', 'invalid_request', 'locked', 'too_large']);

export class Collector {
  readonly #deps: CollectorDeps;

  constructor(deps: CollectorDeps) {
    this.#deps = deps;
  }

  /**
   * Collects one page into the store. Can be repeated: a stored page that is fresh is not fetched again.
   * @throws SomnusError as `WebClient.get` does; `unavailable` when too many documents wait to be read; `not_found` offline, if the page was never stored
   */
  async collect(store: ResearchStore, address: string, { maxAgeMs, allowHosts, offline = false, signal }: CollectOptions): Promise<Collected> {
    const url = webAddress(address).href;
    const known = store.captures.latest(url);
    if (offline) {
      const read = store.captures.latestRead(url) ?? known;
      if (read === undefined) throw new SomnusError('not_found', `${url} was never collected`);
      return { capture: read.capture, from: 'store' };
    }
    if (known !== undefined && isCurrent(known.capture, this.#deps.now().getTime(), maxAgeMs)) return { capture: known.capture, from: 'store' };
    const response = await this.#deps.web.get({ url, headers: validatorsOf(known), allowHosts, maxBytes: MAX_BYTES, signal });
    const at = this.#deps.now().toISOString();
    if (response.status === 304 && known !== undefined) {
      store.captures.confirm(known.capture.id, at);
      return { capture: { ...known.capture, checkedAt: at }, from: 'unchanged' };
    }
    const { capture, text } = await this.#read(url, response, at, signal);
    await store.captures.add({ capture, headers: response.headers, bytes: response.body, text }, () => {
      if (capture.textHash !== null && text !== undefined) store.passages.add(capture.textHash, text);
    });
    return { capture, from: 'network' };
  }

  /** The addresses that a stored feed or sitemap lists, in its order. @throws SomnusError `corrupt`, `unavailable` */
  async entriesOf(store: ResearchStore, { contentHash, mediaType, finalUrl }: Capture, signal: AbortSignal | undefined): Promise<string[]> {
    const { entries } = await this.#deps.read(await store.captures.content(contentHash), { mediaType: mediaType ?? undefined, url: finalUrl, name: undefined }, signal);
    return entries.flatMap(({ url }) => url ?? []);
  }

  async #read(url: string, response: WebResponse, at: string, signal: AbortSignal | undefined): Promise<{ capture: Capture; text: string | undefined }> {
    const { status, headers, body } = response;
    const mediaType = headers['content-type'];
    const capture: Capture = {
      id: newId('cap', Date.parse(at)), url, finalUrl: response.url, status, state: 'read', blocker: null, retryAt: null, reason: null, contentHash: sha256(body), textHash: null, bytes: body.length, mediaType: mediaType ?? null, kind: null, title: null,
      authors: [], published: null, language: null, confidence: null, injections: [], fetchedAt: at, checkedAt: at,
    };
    const blocker = blockerOf(status, headers, body);
    if (blocker !== undefined) {
      return { capture: { ...capture, state: 'blocked', blocker, retryAt: retryAt(headers, new Date(at))?.toISOString() ?? null, reason: `The server answered with status ${status}` }, text: undefined };
    }
    try {
      const name = new URL(response.url).pathname.split('/').at(-1);
      const { kind, title, authors, published, language, text: all, page, ...document } = await this.#deps.read(body, { mediaType, url: response.url, name: name === '' ? undefined : name }, signal);
      const text = all.slice(0, MAX_CHARACTERS);
      return { capture: { ...capture, mediaType: document.mediaType, kind, title, authors, published, language, confidence: page?.confidence ?? null, textHash: sha256(text), injections: await injectionsIn(text) }, text };
    } catch (error) {
      if (!(error instanceof SomnusError) || !unreadable.has(error.code)) throw error;
      return { capture: { ...capture, state: 'quarantined', reason: error.message }, text: undefined };
    }
  }
}

/** Whether a stored capture can be used without a request. One that was blocked, only until its server allows another request. */
function isCurrent({ state, retryAt, checkedAt }: Capture, nowMs: number, maxAgeMs: number): boolean {
  if (state === 'blocked') return retryAt !== null && nowMs < Date.parse(retryAt);
  return nowMs - Date.parse(checkedAt) < maxAgeMs;
}

function validatorsOf(known: StoredCapture | undefined): Record<string, string> {
  const { etag, 'last-modified': lastModified } = known?.capture.state === 'blocked' ? {} : known?.headers ?? {};
  return { ...(etag === undefined ? {} : { 'if-none-match': etag }), ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }) };
}
