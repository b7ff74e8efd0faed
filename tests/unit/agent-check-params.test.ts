import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkApplyFix, checkCommandFailed, checkIdentity, checkLearnBenign, checkNothing, checkOffset, checkPowerOff, checkRecordHostFix, checkSetClock, checkSetEngine, checkSetFixes, checkSetVcpus, checkSoftReboot, checkWatch } from '../../agent/check-params.ts';
import { portMethods, type PortMethod } from '../../agent/contract.ts';

const checks = {
  status: checkNothing, stats: checkNothing, identify: checkIdentity, setClock: checkSetClock, setVcpus: checkSetVcpus, powerOff: checkPowerOff, watch: checkWatch, checkInit: checkNothing,
  health: checkNothing, incidents: checkOffset, softReboot: checkSoftReboot, reloadConfig: checkNothing, applyFix: checkApplyFix, recordHostFix: checkRecordHostFix, commandFailed: checkCommandFailed, learnBenign: checkLearnBenign, setFixes: checkSetFixes, setEngine: checkSetEngine,
} satisfies Record<PortMethod, (value: unknown) => unknown>;

const identity = {
  environmentId: 'env_01', hostname: 'alpha', machineId: '0'.repeat(32),
  network: { mac: '52:54:00:12:34:56', ip: '10.83.1.2', gateway: '10.83.0.1', dns: '10.83.0.1' },
  authorizedKey: 'ssh-ed25519 AAAA', sshHostKey: '-----BEGIN\nx\n', generation: 1,
};

const attempt = { fixId: 'memory/profile', what: 'Ask the host', atMs: 1_700_000_000_000, automatic: true, outcome: 'fixed', detail: 'Profile large' };
const hostFix = { incidentId: 'inc_1', attempt };

const likely = fc.oneof(
  fc.constantFrom('fixId', 'what', 'atMs', 'automatic', 'outcome', 'detail').chain((name) => fc.oneof(fc.jsonValue(), fc.string({ minLength: 60, maxLength: 300 })).map((value) => ({ incidentId: 'inc_1', attempt: { ...attempt, [name]: value } }))),
  fc.constantFrom<unknown>({}, identity, { unixMs: 1 }, { online: 2 }, { offset: 20 }, { incidentId: 'inc_1' }, { incidentId: 'inc_1', fixId: 'disk/grow' }, { incidentId: 'x'.repeat(65) }, hostFix, { ...hostFix, attempt: null }, { mode: 'act' }, { engine: 'rules' }, { engine: 'x' }, { program: 'npm', output: 'x' }, { program: 'npm', output: 'x'.repeat(40_000) }, { offset: -1 }, { deadlineMs: 10_000 }, { deadlineMs: 600_001 }, { mode: 'reboot' }, { names: ['node'] }, null, [], 'x', { online: 1.5 }, { unixMs: 'now' }, { names: [''] }, { ...identity, generation: 0 }),
  fc.jsonValue(),
  fc.record({ online: fc.oneof(fc.integer(), fc.double()) }),
  fc.record({ unixMs: fc.double() }),
  fc.record({ mode: fc.string() }),
  fc.record({ names: fc.array(fc.string({ maxLength: 70 }), { maxLength: 40 }) }),
  fc.constantFrom(...Object.keys(identity)).map((key) => ({ ...identity, [key]: undefined })),
);

test.each(Object.keys(checks) as PortMethod[])('For %s the agent accepts exactly what the contract allows', (method) => {
  fc.assert(fc.property(likely, (value) => {
    let accepted: unknown;
    try {
      accepted = checks[method](value);
    } catch {
      return;
    }
    expect(portMethods[method].params.parse(value)).toEqual(accepted);
  }));
});

test('Every example that the contract allows is accepted', () => {
  expect(checkIdentity(identity)).toEqual(identity);
  expect(checkNothing({})).toEqual({});
  expect(checkSetClock({ unixMs: 1_700_000_000_000.5 })).toEqual({ unixMs: 1_700_000_000_000.5 });
  expect(checkSetVcpus({ online: 4 })).toEqual({ online: 4 });
  expect(checkPowerOff({ mode: 'poweroff' })).toEqual({ mode: 'poweroff' });
  expect(checkApplyFix({ incidentId: 'inc_1', fixId: 'disk/grow' })).toEqual({ incidentId: 'inc_1', fixId: 'disk/grow' });
  expect(checkRecordHostFix(hostFix)).toEqual(hostFix);
  expect(checkCommandFailed({ program: 'npm', output: 'x' })).toEqual({ program: 'npm', output: 'x' });
  expect(checkSetEngine({ engine: 'embedding' })).toEqual({ engine: 'embedding' });
  expect(checkSetFixes({ mode: 'act' })).toEqual({ mode: 'act' });
  expect(checkOffset({ offset: 20 })).toEqual({ offset: 20 });
  expect(checkSoftReboot({ deadlineMs: 0 })).toEqual({ deadlineMs: 0 });
  expect(checkWatch({ names: ['node', 'python3'] })).toEqual({ names: ['node', 'python3'] });
});

test.each([
  ['hostname', { hostname: 'a\nb' }],
  ['hostname', { hostname: '-rf' }],
  ['ip', { network: { ...identity.network, ip: '10.0.0.1\nlink delete eth0' } }],
  ['mac', { network: { ...identity.network, mac: 'aa' } }],
  ['authorizedKey', { authorizedKey: 'a\nb' }],
  ['generation', { generation: 0 }],
  ['extra', { extra: 1 }],
])('An identity with a wrong %s is refused by name: %j', (field, change) => {
  expect(() => checkIdentity({ ...identity, ...change })).toThrow(expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining(field) as string }));
});
