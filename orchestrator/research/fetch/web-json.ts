// Requests JSON of a known form from a web API.
import type { z } from 'zod';
import { SomnusError } from '../../../common/errors.ts';
import type { WebClient } from './web-fetch.ts';

const MAX_BYTES = 8 * 2 ** 20;

export interface WebQuestion {
  /** The name of the service, for errors. */
  name: string;
  url: URL;
  headers?: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** @throws SomnusError `fetch_failed` for another status or form; what `WebClient.get` throws */
export async function webJson<T>(web: Pick<WebClient, 'get'>, schema: z.ZodType<T>, question: WebQuestion): Promise<T> {
  const text = await webText(web, { ...question, headers: { accept: 'application/json', ...question.headers } });
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new SomnusError('fetch_failed', `${question.name} did not answer with results as JSON`, { cause });
  }
}

/** @throws SomnusError `fetch_failed` for a status other than 200; what `WebClient.get` throws */
export async function webText(web: Pick<WebClient, 'get'>, { name, url, headers = {}, signal }: WebQuestion): Promise<string> {
  const { status, body } = await web.get({ url: url.href, headers, maxBytes: MAX_BYTES, signal });
  if (status !== 200) throw new SomnusError('fetch_failed', `${name} answered with status ${status}`, { details: { status } });
  return Buffer.from(body).toString('utf8');
}
