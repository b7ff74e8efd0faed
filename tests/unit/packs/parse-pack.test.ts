import { describe, expect, test } from 'vitest';
import type { SomnusError } from '../../../common/errors.ts';
import { parsePack } from '../../../orchestrator/packs/parse-pack.ts';

const HEAD = 'name: demo\nversion: "1.0.0"\ndescription: A demo.\n';
const problem = (text: string): SomnusError => {
  try {
    parsePack(text);
  } catch (error) {
    return error as SomnusError;
  }
  throw new Error('the pack was accepted');
};

test('A pack has its defaults', () => {
  const pack = parsePack(`${HEAD}steps:\n  - name: tools\n    apt: [jq]\n    check: jq --version\n`);
  expect(pack).toMatchObject({ name: 'demo', depends: [], uninstall: [], needs: {}, steps: [{ name: 'tools', apt: ['jq'], timeoutMinutes: 60, optional: false }] });
});

describe('A mistake names its line', () => {
  test.each([
    ['a mistyped key of a step, and the key that was probably meant', `${HEAD}steps:\n  - name: tools\n    aptt: [jq]\n    check: "true"\n`, ['pack.yaml:6: steps.0.aptt: unknown key; did you mean apt?']],
    ['a mistyped key of the pack', `${HEAD}step:\n  - name: tools\n`, ['pack.yaml:4: step: unknown key; did you mean steps?']],
    ['a mistyped key inside a file', `${HEAD}steps:\n  - name: f\n    file:\n      path: /etc/x\n      contents: hello\n    check: "true"\n`, ['pack.yaml:8: steps.0.file.contents: unknown key; did you mean content?']],
    ['a missing check', `${HEAD}steps:\n  - name: tools\n    apt: [jq]\n`, ['pack.yaml:5: steps.0.check:']],
    ['two kinds in one step', `${HEAD}steps:\n  - name: tools\n    apt: [jq]\n    command: "true"\n    check: "true"\n`, ['pack.yaml:5: steps.0: must have exactly one of apt, npm, pip, file, command, service, not apt and command']],
    ['a step that does nothing', `${HEAD}steps:\n  - name: tools\n    check: "true"\n`, ['must have exactly one of apt']],
    ['a package that would be an option', `${HEAD}steps:\n  - name: tools\n    apt:\n      - jq\n      - --force-yes\n    check: "true"\n`, ['pack.yaml:8: steps.0.apt.1: must be a package such as jq']],
    ['a package that would be a command', `${HEAD}steps:\n  - name: tools\n    npm: ["x; reboot"]\n    check: "true"\n`, ['pack.yaml:6: steps.0.npm.0: must be a package']],
    ['a path that leaves its folder', `${HEAD}steps:\n  - name: f\n    file: { path: /srv/../etc/passwd, content: x }\n    check: "true"\n`, ['pack.yaml:6: steps.0.file.path: must not contain ..']],
    ['steps with the same name', `${HEAD}steps:\n  - { name: a, command: "true", check: "true" }\n  - { name: a, command: "true", check: "true" }\n`, ['pack.yaml:4: steps: must have different names']],
    ['a version that YAML reads as a number', 'name: demo\nversion: 1.0\ndescription: d\nsteps: [{ name: a, command: "true", check: "true" }]\n', ['pack.yaml:2: version:']],
    ['text that is not YAML', `${HEAD}steps: [\n`, ['not valid YAML']],
    ['a name that is not one', `${HEAD.replace('demo', '../demo')}steps: [{ name: a, command: "true", check: "true" }]\n`, ['pack.yaml:1: name: must consist of']],
  ])('%s', (_, text, expected) => {
    const error = problem(text);
    expect(error.code).toBe('invalid_request');
    for (const part of expected) expect(error.message).toContain(part);
  });

  test('several mistakes are all listed, by line', () => {
    const { details } = problem(`${HEAD}stepps: 1\nsteps:\n  - name: a\n    chek: x\n`);
    expect((details['errors'] as { line: number }[]).map(({ line }) => line)).toEqual([4, 6, 7]);
  });
});

test('A text whose aliases stand for much more than it contains is refused', () => {
  const lines = Array.from({ length: 20 }, (_, at) => `a${at}: &a${at} [${Array.from({ length: 10 }, () => (at === 0 ? 'x' : `*a${at - 1}`)).join(', ')}]`);
  expect(problem(lines.join('\n')).code).toBe('invalid_request');
  expect(problem(`# ${'x'.repeat(300_000)}`).message).toContain('larger than 256 KiB');
});
