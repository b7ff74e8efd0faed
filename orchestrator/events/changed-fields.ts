// What an event says about a change: the fields whose value differs, with both values. Pure.
import { isDeepStrictEqual } from 'node:util';

export type ChangedFields = Record<string, { from: unknown; to: unknown }>;

/** Fields that the request leaves out, or sets to what they are, have not changed. */
export function changedFields(before: Readonly<Record<string, unknown>>, request: Readonly<Record<string, unknown>>): ChangedFields {
  const changed = Object.entries(request).filter(([field, to]) => to !== undefined && !isDeepStrictEqual(before[field], to));
  return Object.fromEntries(changed.map(([field, to]) => [field, { from: before[field], to }]));
}
