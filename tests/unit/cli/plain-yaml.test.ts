// The quick reader of the configuration agrees with the yaml package, or leaves the text to it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readPlainYaml } from '../../../orchestrator/cli/api/plain-yaml.ts';

const setUp = '# Settings of Somnus on this host. All keys with their defaults: common/config.ts\ndataDir: /srv/somnus\napi:\n  port: 7778\n  keyFile: /home/a-user/.config/somnus/key\npool:\n  sizeGiB: 20\naccel: tcg\n';

test('What set-up writes is read without the yaml package', () => {
  expect(readPlainYaml(setUp)).toEqual(parse(setUp));
  expect(readPlainYaml('api:\n  host: 127.0.0.1\n')).toEqual({ api: { host: '127.0.0.1' } });
});

test('Anything that is not plain is left to the yaml package', () => {
  for (const text of [
    'api: {port: 1}', 'api:', 'api:\n  port:', 'a: "b"', 'a: 0x10', 'a: 1e3', 'a: 1_000', 'a: 010', 'a: 2026-01-01', 'a: null', 'null: a', 'a: yes', 'a: /x # note', 'a: /x\n  more', 'a: |\n  b', 'a: *b', '- a', 'a:\n    b: 1', 'a: 1\na: 2',
    'a:\n  b: 1\n  b: 2', '  a: 1', '---\na: 1', 'a: .5', 'a: 1.', 'a: ~', 'a:\tb', 'a:  b', '\ufeffa: 1', 'a: b: c', 'a: 1\r',
  ]) expect(readPlainYaml(text), text).toBeUndefined();
});

test('It never reads anything differently', () => {
  const word = fc.constantFrom('a', 'b', 'api', ' ', '  ', ':', ': ', '\n', '\n  ', '#', ' #', '"', "'", '-', '- ', '1', '07', '1.5', '127.0.0.1', '/x/y', 'true', 'null', 'yes', '~', '{', '}', '&a', '*a', '|', '>', '.', '_', '\t', '\r');
  fc.assert(fc.property(fc.array(word, { maxLength: 14 }), (words) => {
    const text = words.join('');
    const plain = readPlainYaml(text);
    if (plain !== undefined) expect(plain).toEqual(parse(text) ?? {});
  }), { numRuns: 5000 });
});
