import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { redactKey } from '../../orchestrator/gateway/redact-key.ts';

const KEY = 'sk-abcabcabd';
const through = async (parts: readonly string[]): Promise<string> => (await buffer(Readable.from(parts.map((part) => Buffer.from(part))).pipe(redactKey(KEY)))).toString();

test('A key is replaced wherever a stream is split, and everything else arrives unchanged', async () => {
  const text = `a ${KEY}${KEY} sk-abcabc sk-abcabcab ${KEY.slice(0, -1)}x ${KEY}`;
  const expected = text.replaceAll(KEY, '*'.repeat(KEY.length));
  for (let at = 0; at <= text.length; at += 1) expect(await through([text.slice(0, at), text.slice(at)].filter((part) => part !== ''))).toBe(expected);
  expect(await through(text.split(''))).toBe(expected);
});

test('Bytes that cannot begin the key are not held back', async () => {
  const stream = redactKey(KEY);
  stream.write('data: one\n\n');
  expect(String(stream.read())).toBe('data: one\n\n');
  stream.write('the end is sk');
  expect(String(stream.read())).toBe('the end is ');
  stream.end();
  expect(String(await buffer(stream))).toBe('sk');
});
