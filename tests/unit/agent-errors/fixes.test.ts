import { expect, test } from 'vitest';
import { catalog, fixesFor } from '../../../agent/errors/fixes/catalog.ts';
import { fill } from '../../../agent/errors/fixes/fill.ts';
import { Fix } from '../../../agent/errors/fixes/fix.ts';
import { readEntry } from '../../../agent/errors/reading/log-entry.ts';
import { ErrorLabel } from '../../../agent/errors/verdict.ts';

test('Every error has a fix, and the last one of each needs nothing from the text', () => {
  for (const label of ErrorLabel.options.filter((each) => each !== 'NONE')) {
    for (const fix of catalog[label]!) Fix.parse(fix);
    expect(fixesFor(label, readEntry('something broke')).length).toBeGreaterThan(0);
  }
});

test('A fix names what the text names', () => {
  expect(fixesFor('OUT_OF_MEMORY', readEntry('web.service: A process of this unit has been killed by the OOM killer.'))[0]).toMatchObject({ command: ['systemctl', 'restart', 'web.service'] });
  expect(fixesFor('CONFIG_ERROR', readEntry('Error: listen EADDRINUSE: address already in use :::3000')).map(({ command }) => command)).toContainEqual(['ss', '-ltnp', 'sport', '=', ':3000']);
  expect(fixesFor('DEPENDENCY_MISSING', readEntry("ModuleNotFoundError: No module named 'yaml'"))[0]).toMatchObject({ what: 'Install the Python package PyYAML', command: ['python3', '-m', 'pip', 'install', 'PyYAML'], verify: ['python3', '-c', expect.any(String) as string, 'yaml'] });
  expect(fixesFor('PERMISSION_DENIED', readEntry('web.service: Failed at step EXEC spawning /srv/run.sh: Permission denied'))[0]).toMatchObject({ command: ['chmod', 'a+x', '/srv/run.sh'] });
  expect(fixesFor('DEPENDENCY_MISSING', readEntry('bash: line 1: jq: command not found'))[0]).toMatchObject({ command: ['apt-get', 'install', '--yes', 'jq'] });
  expect(fixesFor('NETWORK_FAILURE', readEntry('SSL certificate problem: self-signed certificate')).map(({ id }) => id)).toContain('network/certificates');
});

test('Automatic fixes have a probe that confirms the cause first', () => {
  const automatic = Object.values(catalog).flat().filter((fix) => fix.automatic);
  expect(automatic.length).toBeGreaterThan(3);
  for (const fix of automatic) expect(fix).toMatchObject({ command: expect.any(Array) as string[], probe: expect.any(String) as string });
});

test.each([
  ['unit', 'a.service; rm -rf /'], ['unit', '--force.service'], ['unit', '$(id).service'], ['package', '-o=x'], ['package', 'a b'], ['package', 'a|b'],
  ['path', '/srv/../etc/shadow'], ['path', '/srv/a b'], ['path', '/srv/`id`'], ['path', 'etc'], ['host', '-oProxyCommand=x'], ['host', 'a b'], ['port', '0'], ['port', '80;id'],
] as const)('A %s such as "%s" fills no placeholder', (name, value) => {
  const fix = Fix.parse({ id: 'x', what: `{${name}}`, why: 'x', command: ['program', `{${name}}`], risk: 'none', reversible: true, needsRoot: false, automatic: false });
  expect(fill(fix, { [name]: value })).toBeUndefined();
});

test('Text of a log becomes at most one argument', () => {
  const fixes = fixesFor('PERMISSION_DENIED', readEntry("open '/srv/a;reboot': Permission denied $(reboot) && reboot"));
  for (const { command } of fixes) expect(command?.filter((part) => /[;&$\s]/.test(part)) ?? []).toEqual([]);
});
