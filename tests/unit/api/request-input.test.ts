// What the message of an invalid request says; the complete list is in its details.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Name } from '../../../common/ids.ts';
import { validate } from '../../../orchestrator/api/request-input.ts';

const Body = z.strictObject({ name: Name, secret: z.string().min(5, 'must have at least 5 characters').optional(), labels: z.record(z.string().regex(/^[a-z]+$/, 'must consist of letters'), z.string()).optional() });

test.each([
  [{ name: 'UX_B' }, /^Invalid name "UX_B": must consist of lower-case letters/],
  [{}, /^name is missing$/],
  [{ name: 'a', size: 1 }, /^size is not a known field$/],
  [{ name: 'a', labels: { 'bad key': 'v' } }, /^Invalid key "bad key" in labels: must consist of letters$/],
  [7, /^The body is not valid: /],
  [{ name: 'A', secret: 'abc' }, /\(and 1 more\)$/],
])('%j is refused with the field and what is wrong with it', (body, message) => {
  expect(() => validate('body', Body, body)).toThrow(message);
});

test('A value that may be a secret is not repeated', () => {
  expect(() => validate('body', Body, { name: 'a', secret: 'abc' })).toThrow(/^Invalid secret: must have at least 5 characters$/);
});

test('A value that fits one of several types is judged by that one', () => {
  const Either = z.strictObject({ command: z.union([z.string().min(1, 'must not be empty'), z.array(z.string()).min(1, 'must have a program')]) });
  expect(() => validate('body', Either, { command: '' })).toThrow(/^Invalid command: must not be empty$/);
  expect(() => validate('body', Either, { command: [] })).toThrow(/^Invalid command: must have a program$/);
  expect(() => validate('body', Either, { command: 7 })).toThrow(/^Invalid command: must be of another type$/);
});
