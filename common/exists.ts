// Whether a path exists.
import { stat } from 'node:fs/promises';

/** Also returns false when the path cannot be read. Never throws. */
export async function exists(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false);
}
