import { expect, test } from 'vitest';
import { Config, parseConfig } from '../../../common/config.ts';
import { SomnusError } from '../../../common/errors.ts';

function refusal(text: string): SomnusError {
  try {
    parseConfig(text, 'somnus.yaml');
  } catch (error) {
    if (error instanceof SomnusError) return error;
  }
  throw new Error('was not refused');
}

test('An empty file means all defaults', () => {
  expect(parseConfig('', 'somnus.yaml')).toEqual(Config.parse({}));
  expect(parseConfig('', 'somnus.yaml').api).toMatchObject({ host: '127.0.0.1', port: 7777 });
});

test('An unknown key is refused with the nearest known one, at any depth', () => {
  expect(refusal('dataDri: /x').hint).toBe('Did you mean dataDir?');
  expect(refusal('api:\n  prot: 1').hint).toBe('Did you mean api.port?');
});

test('An address that other hosts can reach is refused', () => {
  expect(refusal('api:\n  host: 0.0.0.0').message).toContain('only loopback');
});

test('Invalid YAML is refused with the file\'s name', () => {
  expect(refusal('a: [').message).toMatch(/^somnus\.yaml is not YAML/);
});
