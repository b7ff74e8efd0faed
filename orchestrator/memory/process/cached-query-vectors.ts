// Caches vectors of questions in the system cache, sealed with the key of the user who asked.
import type { SystemCache } from '../../cache/system-cache.ts';
import type { QueryVectors } from '../recalling.ts';

export function cachedQueryVectors(cache: SystemCache, userId: string): QueryVectors {
  const key = (model: string, text: string): string => `query ${model} ${text}`;
  return {
    get(model, text) {
      const bytes = cache.get('MODEL', key(model, text), userId);
      return bytes === undefined ? undefined : new Float32Array(new Uint8Array(bytes).buffer); // a copy: floats need aligned bytes
    },
    put(model, text, vector) {
      cache.offer('MODEL', key(model, text), Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength), { owner: userId, priority: 'LOW' });
    },
  };
}
