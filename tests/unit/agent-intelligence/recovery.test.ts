import { expect, test } from 'vitest';
import type { FixMode } from '../../../agent/contract/fixing.ts';
import { Incident } from '../../../agent/contract/incident.ts';
import { Incidents } from '../../../agent/errors/incidents.ts';
import { LineClassifier } from '../../../agent/errors/line-classifier.ts';
import { confirmed } from '../../../agent/fixing/probes.ts';
import { Recovery } from '../../../agent/fixing/recovery.ts';

/** A guest in which a cause exists until `cures` commands have run. */
function guest(mode: FixMode = 'act', cures: (command: string) => boolean = () => true) {
  const incidents = new Incidents();
  const classifier = new LineClassifier();
  const ran: string[] = [];
  const state = { mode, broken: true, nowMs: 0, codes: new Map<string, number>() };
  const recovery = new Recovery({
    incidents, mode: () => state.mode, log: () => {}, settleMs: 1, monotonicMs: () => state.nowMs,
    run: async (command) => {
      const line = command.join(' ');
      ran.push(line);
      if (cures(line)) state.broken = false;
      return { code: state.codes.get(command[0] ?? '') ?? 0, output: 'token ghp_0123456789012345678901234567890123456789\n\u001b[31mdone' };
    },
    confirm: async ({ probe }) => (probe === undefined ? undefined : state.broken),
  });
  /** Resolves when all possible fixes have been tried. */
  const read = async (place: string, line: string): Promise<Incident> => {
    const incident = incidents.add(place, classifier.classifyNow(line), Date.now())!;
    await recovery.consider(incident);
    return incident;
  };
  return { incidents, ran, state, recovery, read, attempts: (id: string) => incidents.get(id)?.attempts ?? [] };
}

test('With act, a safe fix whose cause is confirmed is applied, verified and recorded, and closes the incident', async () => {
  const vm = guest();
  const { id } = await vm.read('app', 'no space left on device');
  expect(vm.ran).toEqual(['apt-get clean']);
  expect(vm.attempts(id)).toMatchObject([{ fixId: 'disk/apt-cache', automatic: true, outcome: 'fixed', detail: 'done' }]);
  expect(vm.incidents.get(id)).toMatchObject({ closedBy: 'fixed: Delete downloaded package files' });
  Incident.parse(vm.incidents.get(id));
});

test('A fix that worked closes all incidents that it applies to', async () => {
  const vm = guest('suggest');
  const [one, other, different] = [await vm.read('app', 'no space left on device'), await vm.read('db', 'could not extend file: No space left on device'), await vm.read('db', 'connection refused')];
  await vm.recovery.apply(one.id, 'disk/apt-cache');
  expect([one, other, different].map(({ id }) => vm.incidents.get(id)?.closedBy)).toEqual(['fixed: Delete downloaded package files', 'fixed: Delete downloaded package files', null]);
});

test('When the first safe fix does not help, the next one is tried, and then the incident stays open', async () => {
  const vm = guest('act', () => false);
  const { id } = await vm.read('app', 'no space left on device');
  expect(vm.ran).toEqual(['apt-get clean', 'python3 -m pip cache purge']);
  expect(vm.attempts(id).map(({ outcome }) => outcome)).toEqual(['not-fixed', 'not-fixed']);
  expect(vm.incidents.get(id)?.closedAtMs).toBeNull();
});

test('A line whose cause is not confirmed triggers no fix', async () => {
  const vm = guest();
  vm.state.broken = false;
  const { id } = await vm.read('app', 'no space left on device');
  await vm.recovery.apply(id, 'disk/apt-cache');
  expect(vm.ran).toEqual([]);
  expect(vm.attempts(id)).toMatchObject([{ automatic: false, outcome: 'not-needed' }]);
});

test.each(['off', 'suggest'] as const)('With %s, no fix is applied automatically', async (mode) => {
  const vm = guest(mode);
  const { id } = await vm.read('app', 'no space left on device');
  if (mode === 'off') {
    await expect(vm.recovery.apply(id)).rejects.toMatchObject({ code: 'invalid_state' });
    expect(vm.ran).toEqual([]);
    return;
  }
  expect(await vm.recovery.apply(id)).toMatchObject({ automatic: false, outcome: 'fixed' });
  expect(vm.ran).toEqual(['apt-get clean']);
});

test('Fixes that install software or must be done by a person are never applied automatically', async () => {
  const vm = guest();
  const module = await vm.read('app', "ModuleNotFoundError: No module named 'yaml'");
  const login = await vm.read('app', 'fatal: Authentication failed for https://git.example.com/');
  await expect(vm.recovery.apply(login.id, 'auth/by-hand')).rejects.toMatchObject({ code: 'invalid_state' });
  expect(vm.ran).toEqual([]);
  expect(await vm.recovery.apply(module.id)).toMatchObject({ outcome: 'fixed', fixId: 'dependency/pip' });
  expect(vm.ran[0]).toBe('python3 -m pip install PyYAML');
  await expect(vm.recovery.apply('inc_none')).rejects.toMatchObject({ code: 'not_found' });
  await expect(vm.recovery.apply(module.id, 'disk/grow')).rejects.toMatchObject({ code: 'not_found' });
});

test('The same command is repeated only after a pause, and an incident has a limited number of attempts', async () => {
  const vm = guest('act', () => false);
  const { id } = await vm.read('app', 'no space left on device');
  await vm.read('app', 'no space left on device');
  expect(vm.ran).toHaveLength(2);
  for (const minutes of [6, 20, 60, 200]) {
    vm.state.nowMs += minutes * 60_000;
    await vm.read('app', 'no space left on device');
  }
  expect(vm.attempts(id)).toHaveLength(4); // a second time for each command; a third attempt for the incident is the last that begins
});

test('A check that fails prevents the fix, a command that fails is recorded, and neither shows secrets', async () => {
  const vm = guest('suggest');
  const { id } = await vm.read('web.service', 'web.service: Main process exited, code=exited, status=1/FAILURE');
  vm.state.codes.set('systemctl', 1);
  expect(await vm.recovery.apply(id, 'runtime/unit')).toMatchObject({ outcome: 'not-possible', detail: 'done' });
  expect(vm.ran).toEqual(['systemctl cat web.service']);
  expect(JSON.stringify(vm.incidents.list(0))).not.toContain('ghp_0123');
});

test('Units of the system, and those that connect the VM to its host, are not restarted automatically', async () => {
  const vm = guest();
  for (const unit of ['somnus-agent.service', 'systemd-journald.service', 'dbus.service', 'somnus-ssh@1.service']) await vm.read(unit, `${unit}: Failed with result 'exit-code'.`);
  const last = await vm.read('web.service', "web.service: Failed with result 'exit-code'.");
  expect(vm.attempts(last.id)).toHaveLength(1);
  expect(vm.ran).toEqual(['systemctl cat web.service', 'systemctl restart web.service', 'systemctl is-active web.service']);
});

test('A message marked as not an error no longer opens an incident, in any place', async () => {
  const vm = guest('suggest');
  const { id } = await vm.read('a.service', 'worker 12 crashed: exit status 3');
  await vm.read('b.service', 'worker 13 crashed: exit status 3');
  expect(vm.incidents.learn(id)).toBe(true);
  expect(vm.incidents.learn(id)).toBe(false);
  expect(vm.incidents.list(0)).toEqual([]);
  const later = new Incidents(vm.incidents.save());
  expect(later.add('c.service', new LineClassifier().classifyNow('worker 99 crashed: exit status 3'), 0)).toBeUndefined();
  expect(later.learned).toBe(1);
});

test('A probe checks the running system', async () => {
  const unit = (code: number) => confirmed({ probe: 'unit-failed', command: ['systemctl', 'restart', 'a.service'] } as never, async (command) => {
    expect(command).toEqual(['systemctl', 'is-failed', '--quiet', 'a.service']);
    return { code, output: '' };
  });
  expect([await unit(0), await unit(1)]).toEqual([true, false]);
  expect(await confirmed({ probe: 'disk-full' } as never, async () => ({ code: 0, output: '' }))).toBe(false);
  expect(await confirmed({ probe: 'network-down' } as never, async () => ({ code: 0, output: '' }), '/nonexistent')).toBe(true);
  expect(await confirmed({} as never, async () => ({ code: 0, output: '' }))).toBeUndefined();
});
