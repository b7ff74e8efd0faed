// Adding another Debian package server: when the fix is offered, what confirms it, what it writes, and that it is reverted. sed and apt are real, the servers are simulated.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { FixMode } from '../../../agent/contract/fixing.ts';
import { fixesFor } from '../../../agent/errors/fixes/catalog.ts';
import { Fix } from '../../../agent/errors/fixes/fix.ts';
import { MIRROR_FILE } from '../../../agent/errors/fixes/package-mirrors.ts';
import { Incidents } from '../../../agent/errors/incidents.ts';
import { LineClassifier } from '../../../agent/errors/line-classifier.ts';
import { readEntry } from '../../../agent/errors/reading/log-entry.ts';
import { Recovery } from '../../../agent/fixing/recovery.ts';

const DOWN = "E: Failed to fetch http://deb.debian.org/debian/pool/main/j/jq/jq_1.7.1_amd64.deb  Could not connect to deb.debian.org:80, connection timed out";
const mirrors = (line: string): string[] => fixesFor('NETWORK_FAILURE', readEntry(line)).flatMap(({ probeArguments }) => probeArguments?.join(' → ') ?? []);
const [fix] = fixesFor('NETWORK_FAILURE', readEntry(DOWN)).filter(({ id }) => id === 'network/apt-mirror-de');

/** A guest in which these servers answer; `lists`: whether the lists of a mirror can be downloaded. */
function guest({ answering, lists = true, mode = 'act' }: { answering: readonly string[]; lists?: boolean; mode?: FixMode }) {
  const incidents = new Incidents();
  const ran: string[] = [];
  const state = { file: false };
  const recovery = new Recovery({
    incidents, mode: () => mode, log: () => {}, settleMs: 1, monotonicMs: () => 0,
    run: async (command) => {
      const line = command.join(' ');
      if (line.includes('apt-helper')) return { code: answering.some((server) => line.includes(`http://${server}/`)) ? 0 : 100, output: '' };
      ran.push(command[0]!);
      if (command[0] === 'sed') state.file = true;
      if (command[0] === 'rm') state.file = false;
      return { code: command[0] === 'apt-get' && !lists ? 100 : 0, output: 'done' };
    },
  });
  const read = async (): Promise<string> => {
    const incident = incidents.add('command apt-get', new LineClassifier().classifyNow(DOWN), Date.now())!;
    await recovery.consider(incident);
    return incident.id;
  };
  return { incidents, recovery, ran, state, read };
}

test('When a Debian server does not answer, a fix is offered for each of the other servers', () => {
  expect(mirrors(DOWN)).toEqual(['deb.debian.org → ftp.de.debian.org', 'deb.debian.org → ftp.us.debian.org']);
  expect(mirrors("W: Failed to fetch http://ftp.de.debian.org/debian/dists/trixie/InRelease  Temporary failure resolving 'ftp.de.debian.org'")).toEqual(['ftp.de.debian.org → deb.debian.org', 'ftp.de.debian.org → ftp.us.debian.org']);
  for (const line of ['E: Failed to fetch http://packages.example.com/debian/x.deb  503', 'E: Failed to fetch http://deb.debian.org.example.com/x  503', 'E: Failed to fetch http://not-deb.debian.org/x  503', 'GET http://deb.debian.org/ 200']) expect(mirrors(line)).toEqual([]);
  for (const each of fixesFor('NETWORK_FAILURE', readEntry(DOWN))) Fix.parse(each);
});

test('With act, the fix is applied when the configured server fails and the other one answers, and verified with the lists of that one', async () => {
  const vm = guest({ answering: ['ftp.us.debian.org'] });
  const id = await vm.read();
  expect(vm.ran).toEqual(['grep', 'sed', 'apt-get']);
  expect(vm.incidents.get(id)).toMatchObject({ attempts: [{ fixId: 'network/apt-mirror-us', automatic: true, outcome: 'fixed' }], closedBy: 'fixed: Add the package server ftp.us.debian.org' });
  expect(vm.state.file).toBe(true);
});

test.each([
  ['the configured server answers', ['deb.debian.org', 'ftp.de.debian.org', 'ftp.us.debian.org']], ['no server answers', []],
] as const)('Nothing is done when %s', async (_, answering) => {
  const vm = guest({ answering });
  expect(vm.incidents.get(await vm.read())).toMatchObject({ attempts: [], closedAtMs: null });
  expect(vm.ran).toEqual([]);
});

test('With suggest, nothing is done without a request', async () => {
  const vm = guest({ answering: ['ftp.de.debian.org'], mode: 'suggest' });
  const id = await vm.read();
  expect(vm.ran).toEqual([]);
  expect(await vm.recovery.apply(id, 'network/apt-mirror-de')).toMatchObject({ outcome: 'fixed', automatic: false });
});

test('The fix is reverted when the lists of the other server cannot be downloaded', async () => {
  const vm = guest({ answering: ['ftp.de.debian.org'], lists: false });
  const id = await vm.read();
  expect(vm.ran).toEqual(['grep', 'sed', 'apt-get', 'rm']);
  expect(vm.state.file).toBe(false);
  expect(vm.incidents.get(id)).toMatchObject({ closedAtMs: null, attempts: [{ fixId: 'network/apt-mirror-de', outcome: 'not-fixed' }] });
});

test('The fix writes one separate file, which apt can read, and which undoing the fix deletes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'somnus-mirror-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'somnus-mirror.sources');
  const run = (command: readonly string[] | undefined, ...more: string[]): ReturnType<typeof spawnSync> => {
    const [program = '', ...args] = (command ?? []).map((part) => part.replaceAll(MIRROR_FILE, file));
    return spawnSync(program, [...args, ...more], { encoding: 'utf8' });
  };
  expect(run(fix?.precheck).status).toBe(0); // this host is a Debian
  expect(run(fix?.command).status).toBe(0);
  const release = execFileSync('sh', ['-c', '. /etc/os-release; echo $VERSION_CODENAME'], { encoding: 'utf8' }).trim();
  expect(readFileSync(file, 'utf8')).toBe(`Types: deb\nURIs: http://ftp.de.debian.org/debian\nSuites: ${release} ${release}-updates\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`);
  const listed = run(fix?.verify, '--print-uris');
  expect(listed.status).toBe(0);
  const servers = String(listed.stdout).split('\n').filter((line) => line.startsWith("'")).map((line) => new URL(line.split("'")[1]!).host);
  expect(servers.length).toBeGreaterThan(1);
  expect(new Set(servers)).toEqual(new Set(['ftp.de.debian.org'])); // not the user's sources
  expect(run(fix?.undo).status).toBe(0);
  expect(existsSync(file)).toBe(false);
});
