// A capture: a web page or document as it was at one time. Its bytes and its text are stored by their hashes, so evidence that quotes it can be checked years later, without the network.
import { z } from 'zod';
import { idSchema } from '../../common/ids.ts';
import { documentKinds } from '../reading/documents/sniff.ts';

/** Why a server's answer was not the page. */
export const Blocker = z.enum(['captcha', 'rate_limited', 'paywall', 'login_required', 'bot_challenge', 'not_found', 'failed']);
export type Blocker = z.infer<typeof Blocker>;

export const Span = z.strictObject({ start: z.int().min(0), end: z.int().min(0) }).meta({ description: 'Offsets in the text, in UTF-16 code units; the end is exclusive.' });
export type Span = z.infer<typeof Span>;

export const Capture = z.strictObject({
  id: idSchema('cap'),
  url: z.string().meta({ description: 'As requested, without its fragment.' }),
  finalUrl: z.string().meta({ description: 'After redirects.' }),
  status: z.int(),
  state: z.enum(['read', 'quarantined', 'blocked']).meta({ description: '`quarantined`: stored, but never read, because of its type. `blocked`: the server answered with something other than the page.' }),
  blocker: Blocker.nullable(),
  retryAt: z.iso.datetime().nullable().meta({ description: 'When a rate-limited server may be asked again.' }),
  reason: z.string().nullable().meta({ description: 'Why the page was not read.' }),
  contentHash: z.string().meta({ description: 'SHA-256 of the bytes.' }),
  textHash: z.string().nullable().meta({ description: 'SHA-256 of the text in UTF-8.' }),
  bytes: z.int(),
  mediaType: z.string().nullable(),
  kind: z.enum(documentKinds).nullable(),
  title: z.string().nullable(),
  authors: z.array(z.string()),
  published: z.string().nullable(),
  language: z.string().nullable(),
  confidence: z.number().nullable().meta({ description: 'How likely it is that the main content of a page was found correctly, from 0 to 1.' }),
  injections: z.array(Span).meta({ description: 'Passages that try to instruct an agent. Somnus treats them as data: it never follows them, and quotes nothing from them as evidence.' }),
  fetchedAt: z.iso.datetime(),
  checkedAt: z.iso.datetime().meta({ description: 'When the server last confirmed that the page has not changed.' }),
});
export type Capture = z.infer<typeof Capture>;
