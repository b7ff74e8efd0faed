// Finds elements by the refs of snapshots.
import type { Locator, Page } from 'playwright-core';
import { SomnusError } from '../../../common/errors.ts';

/** @throws invalid_request if the page no longer has the element */
export async function elementOf(page: Page, ref: string): Promise<Locator> {
  const element = page.getByRef(ref);
  const count = await element.count().catch(() => 0);
  if (count === 0) throw new SomnusError('invalid_request', `There is no element ${ref} on this page`, { hint: 'Take a snapshot, and use its refs; refs of an earlier page do not work.' });
  return element;
}
