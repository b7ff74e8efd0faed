// Real faults, not simulated ones, in a real VM: each gets the right category and a fix that works; with `act`, safe fixes are applied automatically.
import { beforeAll, describe, expect, test } from 'vitest';
import { pollUntil } from '../../common/deadline.ts';
import { LineClassifier } from '../../agent/errors/line-classifier.ts';
import { JOURNAL_FIELDS, readJournalEntry } from '../../agent/intelligence/journal-entry.ts';
import type { AgentUpgrade, FixAttempt, Incident } from '../../orchestrator/agent/agent-schemas.ts';
import type { Event } from '../../orchestrator/events/event.ts';
import type { Page } from '../../orchestrator/store/page.ts';
import { AgentClient, FIXED } from '../support/agent-client.ts';
import { TestControlPlane } from '../support/control-plane.ts';
import { modelFolder } from '../bench/memory-locations.ts';

const NAME = 'faulty';

let somnus: TestControlPlane;
let agent: AgentClient;
const fails = async (script: string): Promise<void> => { expect((await somnus.cli(['exec', NAME, '--', 'sh', '-c', script])).code).not.toBe(0); };
const mode = async (to: 'suggest' | 'act'): Promise<void> => { await somnus.ok('fix', 'mode', NAME, to); };
const unit = async (name: string, lines: string[]): Promise<void> => { await agent.guest(`printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} >/etc/systemd/system/${name}; systemctl daemon-reload`); };

/** Waits until the agent has automatically applied this fix to any incident of the category, because one fault can have several. */
async function fixedByItself(category: Incident['category'], fixId: string): Promise<void> {
  await pollUntil(`the fix ${fixId}`, FIXED, async () => (await agent.incidents()).find((each) => each.category === category && each.attempts.some((attempt) => attempt.fixId === fixId && attempt.automatic && attempt.outcome === 'fixed')));
}

async function apply(incident: Incident, fixId: string): Promise<FixAttempt> {
  return await somnus.json<FixAttempt>('fix', 'apply', NAME, incident.id, '--fix', fixId);
}

beforeAll(async () => {
  somnus = await TestControlPlane.withImage({ settings: { models: { embeddingDir: modelFolder() } } });
  await somnus.ok('create', NAME, '--profile', 'idle', '--cold'); // what it writes while it boots is looked at
  agent = new AgentClient(somnus, NAME);
  await agent.guest(`mkdir -p /etc/somnus; echo '{"units": ["flapping.service", "steady.service"]}' >/etc/somnus/agent.json; curl -s --json '{}' http://127.0.0.1:7770/config/reload`);
});

test('Nothing that a VM writes while it boots is taken for an error', async () => {
  const classifier = new LineClassifier();
  const booted = (await agent.guest(`journalctl --boot --quiet --all --output=json --output-fields=${JOURNAL_FIELDS.join(',')}`)).split('\n').map(readJournalEntry).filter((entry) => entry !== undefined);
  expect(booted.length).toBeGreaterThan(300);
  const errors = booted.flatMap(({ place, lines, level }) => lines.map((line) => ({ place, line, ...classifier.classifyNow(line, level).verdict }))).filter(({ label, abstained }) => label !== 'NONE' && !abstained);
  expect(errors.map(({ place, line, label }) => `${place}: ${line} (${label})`)).toEqual([]);
});

test('A VM without faults has no open incidents and is healthy', async () => {
  expect((await agent.incidents()).filter(({ closedAt }) => closedAt === null)).toEqual([]);
  expect(await agent.health()).toMatchObject({ state: 'ok', reading: { problems: [] } });
});

describe('Faults', () => {
  test('A missing Python module is a missing dependency, and installing it is verified', async () => {
    await mode('suggest');
    await fails("python3 -c 'import yaml'");
    const incident = await agent.seen('DEPENDENCY_MISSING', "'yaml'");
    expect(incident.place).toBe('command python3');
    expect(await apply(incident, 'dependency/pip')).toMatchObject({ outcome: 'fixed', automatic: false });
    await agent.guest("python3 -c 'import yaml'");
  });

  test('A file without execute permission is a permission error, and making it executable is verified', async () => {
    await agent.guest("printf '#!/bin/sh\\nexec sleep infinity\\n' >/srv/run.sh; chmod 644 /srv/run.sh");
    await unit('steady.service', ['[Service]', 'ExecStart=/srv/run.sh']);
    await fails('systemctl start steady.service && sleep 1 && systemctl is-active steady.service');
    const incident = await agent.seen('PERMISSION_DENIED', '/srv/run.sh');
    expect(await apply(incident, 'permission/executable')).toMatchObject({ outcome: 'fixed' });
    await agent.guest('systemctl restart steady.service; sleep 1; systemctl is-active steady.service');
  });

  test('A bad unit is a configuration error, and reverting it is verified', async () => {
    await agent.guest("mkdir -p /etc/systemd/system/acpid.service.d; printf '[Service]\\nExecStrat=/bin/true\\n' >/etc/systemd/system/acpid.service.d/bad.conf; systemctl daemon-reload; systemctl restart acpid.service");
    const incident = await agent.seen('CONFIG_ERROR', 'ExecStrat');
    expect(await apply(incident, 'config/revert-unit')).toMatchObject({ outcome: 'fixed' });
    expect(await agent.guest('ls /etc/systemd/system/acpid.service.d 2>/dev/null || echo gone')).toBe('gone');
  });

  test('An untrusted certificate is a network failure, and trusting it works', async () => {
    await agent.guest(`cd /root && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem 2>/dev/null
      systemd-run --quiet --unit=tls-server openssl s_server -quiet -www -accept 4433 -key /root/key.pem -cert /root/cert.pem; sleep 2`);
    await fails('curl --silent --show-error https://localhost:4433/');
    const incident = await agent.seen('NETWORK_FAILURE', 'certificate');
    await agent.guest('cp /root/cert.pem /usr/local/share/ca-certificates/own.crt');
    expect(['fixed', 'applied']).toContain((await apply(incident, 'network/certificates')).outcome);
    await agent.guest('curl --silent --show-error --output /dev/null https://localhost:4433/');
  });

  test('With act, space on a full disk is freed automatically, and an event reports it', async () => {
    await mode('act');
    await agent.guest('fallocate -l $(($(df --output=avail -B1 / | tail -n 1) - 67108864)) /var/cache/apt/archives/filler_1_all.deb');
    await fails('dd if=/dev/zero of=/root/filler bs=1M');
    await agent.seen('DISK_FULL', 'No space left on device');
    await fixedByItself('DISK_FULL', 'disk/apt-cache');
    await agent.guest('rm -f /root/filler; test ! -e /var/cache/apt/archives/filler_1_all.deb');
    const events = ((await somnus.api('GET', `/v1/events?limit=100&subject=${NAME}&type=incident.fix`, { headers: { accept: 'application/json' } })).body as Page<Event>).items;
    expect(events.some(({ data }) => data['fixId'] === 'disk/apt-cache' && data['automatic'] === true)).toBe(true);
  });

  test('With act, a unit that the kernel killed for lack of memory is started again', async () => {
    await unit('steady.service', ['[Service]', 'MemoryMax=64M', 'MemorySwapMax=0', 'ExecStart=/bin/sh /root/hog.sh']);
    await agent.guest("rm -f /root/hogged; printf 'test -e /root/hogged && exec sleep infinity\\ntouch /root/hogged\\nexec python3 -c \"x = b\\\\\"x\\\\\" * (400 * 1024 * 1024)\"\\n' >/root/hog.sh; systemctl restart steady.service");
    await agent.seen('OUT_OF_MEMORY', 'steady.service');
    await fixedByItself('OUT_OF_MEMORY', 'memory/restart-unit');
    expect(await agent.guest('systemctl is-active steady.service')).toBe('active');
  });

  test('With act, a network that went down is configured again, and the host sees the incident before that', async () => {
    await agent.guest("systemd-run --quiet --on-active=1 ip link set eth0 down; systemd-run --quiet --on-active=4 --unit=fetcher curl --silent --show-error --max-time 5 http://deb.debian.org/");
    await agent.seen('NETWORK_FAILURE', 'deb.debian.org'); // through the port, which needs no network
    await fixedByItself('NETWORK_FAILURE', 'network/bring-up');
    expect(await agent.guest('echo reachable')).toBe('reachable');
  });

  test('A unit that crashes repeatedly is stopped for a while and reported', async () => {
    await mode('suggest');
    await unit('flapping.service', ['[Unit]', 'StartLimitIntervalSec=0', '[Service]', 'Restart=always', 'RestartSec=1', 'ExecStart=/bin/sh -c "echo worker failed; exit 3"']);
    await agent.guest('systemctl start flapping.service || true');
    await agent.seen('RUNTIME_ERROR', 'flapping.service');
    const watched = await pollUntil('the unit to be backed off', FIXED, async () => (await agent.health()).watched?.find(({ name, state }) => name === 'flapping.service' && state === 'backed-off'));
    expect(watched.restarts).toBeGreaterThanOrEqual(5);
    expect(Date.parse(watched.retryAt!)).toBeGreaterThan(Date.now());
    expect((await agent.health()).summary).toContain('flapping.service');
    await agent.guest('systemctl stop flapping.service; rm /etc/systemd/system/flapping.service; systemctl daemon-reload');
  });
});

test('A soft reboot restarts the watched units without rebooting the VM', async () => {
  await unit('steady.service', ['[Service]', 'Restart=always', 'ExecStart=/bin/sleep infinity']);
  await agent.guest('systemctl restart steady.service');
  const bootId = await agent.guest('cat /proc/sys/kernel/random/boot_id');
  const { stdout } = await somnus.cli(['soft-reboot', NAME, '-o', 'json']);
  expect((JSON.parse(stdout) as { processes: object[] }).processes).toContainEqual(expect.objectContaining({ name: 'steady.service', stopped: 'ended', back: true }));
  expect(await agent.guest('cat /proc/sys/kernel/random/boot_id')).toBe(bootId);
});

test('All lines of a burst are counted, and the agent keeps answering', async () => {
  const lines = 20_000;
  await agent.guest(`seq -f 'worker %g crashed: exit status 3' 1001 ${lines + 1000} >/var/log/storm.log`);
  await agent.seen('RUNTIME_ERROR', '/var/log/storm.log');
  expect((await agent.health()).state).toBe('attention');
  expect(await agent.counted('/var/log/storm.log', lines, FIXED.timeoutMs)).toBe(lines);
});

test('The agent is replaced without a reboot', async () => {
  const bootId = await agent.guest('cat /proc/sys/kernel/random/boot_id');
  const current = await somnus.json<AgentUpgrade>('upgrade-agent', NAME);
  expect(current.outcome).toBe('current');
  await agent.guest(`sed -i s/${current.to}/000000000000/ /usr/local/lib/somnus/agent.js; systemctl restart somnus-agent.service`);
  await pollUntil('the agent of another version', FIXED, async () => ((await agent.health()).agentVersion === '000000000000' ? true : undefined));
  // An agent that does not start is replaced by the previous one.
  await agent.guest("mkdir -p /run/systemd/system/somnus-agent.service.d; printf '[Service]\\nExecStartPre=/usr/bin/grep -q 000000000000 /usr/local/lib/somnus/agent.js\\n' >/run/systemd/system/somnus-agent.service.d/refuse.conf; systemctl daemon-reload");
  const refused = await somnus.cli(['upgrade-agent', NAME, '-o', 'json']);
  expect(JSON.parse(refused.stdout)).toMatchObject({ from: '000000000000', outcome: 'rolled-back' });
  expect(await pollUntil('the agent of the version before', FIXED, async () => (await agent.health()).agentVersion ?? undefined)).toBe('000000000000');
  await agent.guest('rm -r /run/systemd/system/somnus-agent.service.d; systemctl daemon-reload');
  expect(await somnus.json<AgentUpgrade>('upgrade-agent', NAME)).toMatchObject({ from: '000000000000', to: current.to, outcome: 'upgraded' });
  expect((await agent.health()).agentVersion).toBe(current.to);
  expect(await agent.guest('cat /proc/sys/kernel/random/boot_id')).toBe(bootId);
});

test('With the embedding engine, lines are classified by meaning', async () => {
  expect(await somnus.json<AgentUpgrade>('upgrade-agent', NAME, '--engine', 'embedding')).toMatchObject({ engine: 'embedding' });
  await pollUntil('the engine', FIXED, async () => ((await agent.health()).reading?.engine === 'embedding' ? true : undefined));
  await agent.guest("logger -t meaning 'the peer dropped the line while we were still waiting for its answer'");
  expect((await agent.seen('NETWORK_FAILURE', 'meaning')).engine).toBe('embedding');
  // After the engine has loaded its model, the agent releases what is not in use of its program.
  const used = await pollUntil('the released memory', FIXED, async () => {
    const [own, engine] = [await agent.memoryOf('agent.js'), await agent.memoryOf('engine.js')];
    console.log(`with the engine: ${(own.share / 1e6).toFixed(1)} + ${(engine.share / 1e6).toFixed(1)} MB (resident: ${(own.resident / 1e6).toFixed(1)} + ${(engine.resident / 1e6).toFixed(1)} MB, with what they share counted twice)`);
    return own.share + engine.share < 180e6 ? own : undefined;
  });
  expect(used.resident).toBeLessThan(60e6);
  await agent.guest("logger -t later 'the peer dropped the line while we were still waiting for its answer'"); // it still answers
  expect((await agent.seen('NETWORK_FAILURE', 'later')).engine).toBe('embedding');
});
