// --vector: reads a vector that the caller computed with a model of its own. The server checks it.
import { readFile } from 'node:fs/promises';
import { SomnusError } from '../../../common/errors.ts';
import type { CallerVector } from '../../client/schema.d.ts';

/** @throws SomnusError `invalid_request` when the file is not JSON */
export async function readVector(path: string): Promise<CallerVector> {
  const text = await readFile(path, 'utf8');
  try {
    return JSON.parse(text) as CallerVector;
  } catch (cause) {
    throw new SomnusError('invalid_request', `${path} is not JSON`, { hint: 'It needs the form {"model": "clip-vit-b-32", "values": [0.1, …]}.', cause });
  }
}
