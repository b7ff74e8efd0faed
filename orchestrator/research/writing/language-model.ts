// A language model behind an endpoint with OpenAI's chat completions API. Only an admin configures its address. It receives quotes of public pages, and what it answers is data that is checked.
import { z } from 'zod';
import { SomnusError, toSomnusError } from '../../../common/errors.ts';

export interface LanguageModel {
  /** Answers as JSON of the given form. @throws SomnusError `unavailable`, `cancelled` */
  ask<T>(request: { system: string; user: string; schema: z.ZodType<T>; signal: AbortSignal }): Promise<T>;
}

export interface ModelEndpoint {
  /** Such as http://127.0.0.1:11434/v1 */
  url: string;
  model: string;
  timeoutSeconds: number;
  /** Called for each request, so that a new key takes effect at once. Undefined: no key. */
  key: (() => Promise<string>) | undefined;
}

const MOST_ANSWER_BYTES = 1_000_000;
const Answer = z.object({ choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1) });
const hint = 'Check research.model in the configuration; until then, reports consist of quotes.';

export function languageModel({ url, model, timeoutSeconds, key }: ModelEndpoint): LanguageModel {
  return {
    async ask({ system, user, schema, signal }) {
      try {
        const authorization = key === undefined ? {} : { authorization: `Bearer ${await key()}` };
        const answer = await fetch(`${url.replace(/\/$/, '')}/chat/completions`, {
          method: 'POST', headers: { 'content-type': 'application/json', ...authorization }, redirect: 'error', signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]),
          body: JSON.stringify({ model, temperature: 0, response_format: { type: 'json_object' }, messages: [{ role: 'system', content: system }, { role: 'user', content: user }] }),
        });
        if (!answer.ok) throw new SomnusError('unavailable', `The language model answered with status ${answer.status}`, { hint });
        const { content } = Answer.parse(JSON.parse(await limitedText(answer))).choices[0]!.message;
        return schema.parse(JSON.parse(content.replace(/^\s*```(?:json)?|```\s*$/g, '')));
      } catch (cause) {
        if (signal.aborted) throw toSomnusError(signal.reason);
        if (cause instanceof SomnusError) throw cause;
        const reason = cause instanceof z.ZodError || cause instanceof SyntaxError ? 'sent an invalid answer' : (cause as Error).name === 'TimeoutError' ? `did not answer within ${timeoutSeconds} s` : 'cannot be reached';
        throw new SomnusError('unavailable', `The language model ${reason}`, { hint, cause });
      }
    },
  };
}

async function limitedText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > MOST_ANSWER_BYTES) throw new SomnusError('unavailable', 'The answer of the language model is too long', { hint });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
