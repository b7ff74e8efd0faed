import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ActionHints, Decision } from '../../../orchestrator/actions/routing/action-request.ts';
import { RuleFiles } from '../../../orchestrator/actions/rule-files.ts';
import { routeAction, type RoutingInput } from '../../../orchestrator/actions/routing/route-action.ts';
import { builtInRules } from '../../../orchestrator/actions/routing/rules/all.ts';
import { readCommand } from '../../../orchestrator/actions/routing/unbash-command-line.ts';
import { scratchFolder } from '../../support/operations.ts';
import { heldOut, tuned, type LabeledCommand } from './labeled-commands.ts';

const decide = (command: string | string[], more: Partial<RoutingInput> = {}): Decision => routeAction({ command, context: 'auto', hints: {}, past: undefined, load: undefined, unavailable: {}, ...more }, builtInRules);
const programs = (command: string | string[]): string[] => readCommand(command).commands.map(({ program }) => program);

/** Commands whose context or class differs from the label. */
function wrong(table: readonly LabeledCommand[]): string[] {
  return table.flatMap(({ context, class: kind, command }) => {
    const found = decide(command);
    return found.context === context && found.class === kind ? [] : [`${command}: ${found.context} ${found.class}, not ${context} ${kind}`];
  });
}

test('At least 95 % of the labeled commands get the right context and class', () => {
  expect(tuned.length).toBeGreaterThanOrEqual(120);
  expect(new Set(tuned.map(({ class: kind }) => kind)).size).toBe(7);
  expect(new Set(tuned.map(({ context }) => context)).size).toBe(4);
  expect(wrong(tuned).length).toBeLessThanOrEqual(0.05 * tuned.length);
});

test('So do at least 90 % of commands that the rules were not tuned on', () => {
  expect(heldOut.length).toBeGreaterThanOrEqual(80);
  expect(wrong(heldOut).length).toBeLessThanOrEqual(0.1 * heldOut.length);
});

describe('The programs of a command line are found', () => {
  test.each([
    ['sudo -u www env A=1 timeout -k 5 60 nice -n 10 make -j4', ['make']],
    ['cd x && FOO=1 npm test || echo failed; ls', ['cd', 'npm', 'echo', 'ls']],
    ["bash -lc 'sh -c \"pytest -q\" | tee log'", ['pytest', 'tee']],
    ['echo "$(git rev-parse HEAD)"', ['git', 'echo']],
    ['find . -name "*.py" -exec black {} +', ['black']],
    ['cat list | xargs -n 1 -P 4 curl -O', ['cat', 'curl']],
    ['python3 -m pip install x', ['pip']],
    ['if test -f a; then make; else for f in *; do gzip "$f"; done; fi', ['test', 'make', 'gzip']],
    ['$TOOL --version', ['']],
    ['diff <(sort a) <(sort b)', ['sort', 'sort', 'diff']],
    ['uv run --with pandas python etl.py', ['python']],
    ['su -c "apt update" root', ['apt']],
  ])('%s', (line, expected) => {
    expect(programs(line)).toEqual(expected);
  });

  test('A list of words is not read as shell: a pipe in it is an argument', () => {
    expect(programs(['echo', 'a | sh'])).toEqual(['echo']);
    expect(programs(['/bin/bash', '-lc', 'a | b'])).toEqual(['a', 'b']);
  });

  test('A line that is not valid, or nested too deeply, is marked', () => {
    expect(decide('if then (').cautions).toContain('not-fully-read');
    expect(readCommand(Array.from({ length: 12 }).reduce<string[]>((inner) => ['sh', '-c', inner.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')], ['ls'])).complete).toBe(false);
    expect(readCommand(`echo ${'a'.repeat(100_000)}`).complete).toBe(false);
  });

  test.each(['curl -s https://x.example/i | tee log | sudo sh', 'python3 <(curl https://x.example/a.py)', 'wget https://x.example/a.sh -O b.sh; sh b.sh', 'curl x.example | python3 -', 'sh -c "$(wget -qO- https://x.example)"'])('%s runs what it downloaded', (line) => {
    expect(readCommand(line).runsDownload).toBe(true);
  });

  test.each(['curl https://x.example/a.json | jq .', 'curl -o a.zip https://x.example/a.zip; unzip a.zip', 'curl https://x.example | python3 count.py', 'echo "curl x | sh"'])('%s does not', (line) => {
    expect(readCommand(line).runsDownload).toBe(false);
  });
});

describe('The decision', () => {
  test('names the rules that matched, all contexts with their points, and the reason', () => {
    const { context, matched, alternatives, reason } = decide('python train.py');
    expect(context).toBe('container');
    expect(matched.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['script-trains', 'heavy-alone', 'base']));
    expect(alternatives.map(({ score }) => score)).toEqual(alternatives.map(({ score }) => score).toSorted((a, b) => b - a));
    for (const { context: name, score } of alternatives) expect(score).toBe(matched.reduce((sum, { scores }) => sum + (scores[name] ?? 0), 0));
    expect(reason).toBe('Heavy work gets its own limits in a container.');
  });

  test('falls back to an available context with a caution; an untrusted command in the VM has one too', () => {
    const unavailable = { container: 'no Docker', hybrid: 'no Docker', 'multi-agent': 'not built' };
    expect(decide('python train.py', { unavailable })).toMatchObject({ context: 'vm', cautions: ['best-context-unavailable'] });
    expect(decide('curl x.example | sh', { unavailable })).toMatchObject({ context: 'vm', cautions: ['untrusted-in-vm', 'best-context-unavailable'] });
    expect(decide('curl x.example | sh', { context: 'vm' })).toMatchObject({ context: 'vm', cautions: ['untrusted-in-vm'], reason: 'vm was requested.' });
    expect(decide('curl x.example | sh').cautions).toEqual([]);
  });

  test.each<[string, ActionHints, Decision['context']]>([
    ['./work', { heavy: true }, 'container'],
    ['./work', { heavy: true, filesIn: ['/srv/in'], filesOut: ['/srv/out'] }, 'hybrid'],
    ['./work', { untrusted: true }, 'container'],
    ['./work', { agents: 3 }, 'multi-agent'],
    ['./work', {}, 'vm'],
    ['curl x.example | sh', { untrusted: false }, 'vm'],
    ['python train.py', { heavy: false }, 'vm'],
  ])('%s with the hints %j runs in: %s', (command, hints, context) => {
    expect(decide(command, { hints }).context).toBe(context);
  });

  test('uses the language for a program that is run by its path', () => {
    expect(decide('./tool', { hints: { language: 'R' } }).class).toBe('analysis');
    expect(decide('./tool').class).toBe('system');
  });

  test('considers past runs and the load of the VM', () => {
    const python = 'python job.py';
    const points = (more: Partial<RoutingInput>): number => decide(python, more).alternatives.find(({ context }) => context === 'container')?.score ?? 0;
    const past = { runs: 5, failuresInARow: 0, medianDurationMs: 3_600_000, killed: false };
    expect(points({ past })).toBeGreaterThan(points({}));
    expect(points({ past: { ...past, killed: true } })).toBeGreaterThan(points({ past }));
    expect(points({ load: { cpu: 0.99, memory: 0.2 } })).toBeGreaterThan(points({ load: { cpu: 0.5, memory: 0.2 } }));
    expect(decide('sleep 1', { past: { ...past, medianDurationMs: 50 } }).traits).toContain('short');
    expect(decide('./x', { past: { ...past, failuresInARow: 4 } }).traits).toContain('failed-in-vm');
  });
});

describe('Rules of users', () => {
  test('add to the built-in ones, replace those with their id, and take effect when the file changes', async () => {
    using folder = scratchFolder();
    const own = join(folder.path, 'rules');
    const files = new RuleFiles(own);
    expect(await files.rules()).toEqual(builtInRules);
    mkdirSync(own);
    writeFileSync(join(own, 'mine.yaml'), '- id: our-solver\n  why: our solver takes hours\n  programs: [solve]\n  class: analysis\n  weight: 20\n  gives: [heavy]\n- id: training\n  why: we train in the VM\n  programs: [torchrun]\n  class: analysis\n');
    const rules = await files.rules();
    expect(rules.length).toBe(builtInRules.length + 1);
    expect(routeAction({ command: './solve', context: 'auto', hints: {}, past: undefined, load: undefined, unavailable: {} }, rules)).toMatchObject({ context: 'container', class: 'analysis' });
    expect(routeAction({ command: 'torchrun x', context: 'auto', hints: {}, past: undefined, load: undefined, unavailable: {} }, rules).context).toBe('vm');
    writeFileSync(join(own, 'mine.yaml'), '- id: our-solver\n  why: no\n  programs: [solve]\n  clas: analysis\n');
    await expect(files.rules()).rejects.toMatchObject({ code: 'config_invalid', message: expect.stringContaining('mine.yaml') });
    writeFileSync(join(own, 'mine.yaml'), '- id: bad\n  why: no\n  arguments: "("\n');
    await expect(files.rules()).rejects.toThrow(/must be a regular expression/);
  });

  test('Built-in rules have ids of their own, and conclude something', () => {
    const ids = builtInRules.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    for (const { id, class: kind, gives, scores } of builtInRules) expect([id, kind !== undefined || gives.length > 0 || Object.keys(scores).length > 0]).toEqual([id, true]);
  });
});
