// Idempotency-Key for routes that answer at once: the first answer is stored for a day and returned again for the same request with the same API key.
//
// An answer may contain a secret that is shown once, but the database must not store secrets. So the answer is encrypted with a key derived from the caller's
// API key, of which the database only has the hash. A reader of the database cannot decrypt it, and a holder of the API key could have requested it anyway.
import { hkdfSync } from 'node:crypto';
import { SomnusError } from '../../common/errors.ts';
import { KEY_BYTES, seal, unseal } from '../memory/crypto/seal.ts';
import { secretIn } from './authentication.ts';
import type { Answer, Route, RouteContext, RouteRequest } from './route.ts';

type Kept = Pick<Answer, 'status' | 'headers' | 'body'>;

/** @throws idempotency_mismatch for another request or another API key of the user; operation_in_progress while the first is running; what the route throws, which is not stored */
export async function replayed(route: Route, request: RouteRequest<unknown, unknown, unknown>, context: RouteContext): Promise<Answer> {
  const { caller, idempotencyKey, params, query, body, headers } = request;
  if (idempotencyKey === undefined) return await route.handle(request, context);
  const key = Buffer.from(hkdfSync('sha256', secretIn(headers.authorization) ?? '', idempotencyKey, 'somnus sealed replay', KEY_BYTES));
  const sealContext = `${caller.keyId} ${route.id}`;
  const asked = { route: route.id, params, query, body, by: caller.keyId };
  const { sealed } = await context.services.idempotency.onceAsync({ owner: caller.user, key: idempotencyKey, request: asked }, async () => {
    const { status, headers: answerHeaders, body: answerBody, afterwards } = await route.handle(request, context);
    if (afterwards !== undefined) throw new SomnusError('internal', `${route.id} runs code after its answer and cannot be replayed`);
    const kept: Kept = { status, ...(answerHeaders === undefined ? {} : { headers: answerHeaders }), ...(answerBody === undefined ? {} : { body: answerBody }) };
    return { sealed: seal(key, Buffer.from(JSON.stringify(kept)), sealContext).toString('base64') };
  });
  return JSON.parse(unseal(key, Buffer.from(sealed, 'base64'), sealContext).toString()) as Kept;
}
