// The messages between the control plane and a driver, one JSON object per line on the driver's standard input and output. The control plane does not trust a driver: it parses what it says with these schemas.
import { z } from 'zod';
import { isErrorCode, type ErrorCode } from '../../../common/errors.ts';
import { BrowserAnswer, type BrowserAct } from '../browser-act.ts';

/** Tabs to open again. */
export const RememberedTabs = z.strictObject({ browser: z.string(), urls: z.array(z.string().max(8192)).max(100), current: z.int() });
export type RememberedTabs = z.infer<typeof RememberedTabs>;

export type ToDriver =
  /** `restore`: the browser is a new one, so its tabs have to be opened again. */
  | { start: { socketPath: string; downloads: string; restore: boolean; tabs: RememberedTabs | undefined } }
  | { id: number; act: BrowserAct }
  | { cancel: number }
  /** A file that an act needs: its content in base64, or why it cannot be read. */
  | { file: number; content?: string; problem?: string }
  /** The page is at an address that may not be visited. */
  | { closePage: number };

/** The answer of a driver. Files still have to be stored: screenshots come as content, downloads as the path where the browser put them. */
export const DriverAnswer = BrowserAnswer.omit({ files: true, repeats: true, closed: true }).extend({
  made: z.array(z.union([
    z.strictObject({ kind: z.literal('content'), name: z.string(), mediaType: z.string(), content: z.string() }),
    z.strictObject({ kind: z.literal('download'), path: z.string(), name: z.string(), url: z.string() }),
  ])),
  /** A hash of what the page shows. */
  fingerprint: z.string(),
});
export type DriverAnswer = z.infer<typeof DriverAnswer>;

const ErrorInAnswer = z.strictObject({ code: z.custom<ErrorCode>(isErrorCode), message: z.string(), hint: z.string(), details: z.record(z.string(), z.unknown()) });

export const FromDriver = z.union([
  z.strictObject({ ready: z.literal(true) }),
  /** The browser answers, and the act is started: from here on it must not be repeated. */
  z.strictObject({ begun: z.int() }),
  z.strictObject({ id: z.int(), answer: DriverAnswer }),
  z.strictObject({ id: z.int(), error: ErrorInAnswer }),
  z.strictObject({ wantFile: z.int(), path: z.string() }),
  /** The main document of a page, or a redirect to it: where it came from. */
  z.strictObject({ visited: z.strictObject({ page: z.int(), url: z.string(), address: z.string().nullable() }) }),
]);
export type FromDriver = z.infer<typeof FromDriver>;
