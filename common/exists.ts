// Whether there is something at a path.
import { stat } from 'node:fs/promises';

/** False also when it cannot be looked at. Never throws. */
export async function exists(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false);
}
