import { expect, test } from 'vitest';
import { emptiedTables, firewallRestore } from '../../deploy/restore-host.ts';

const docker = `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [12:34]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
COMMIT
`;
const flat = (commands: string[][]): string[] => commands.map((args) => args.join(' '));

test('Docker\'s rules, chains and policy are removed, and nothing else', () => {
  const foreign = '-A FORWARD -s 172.17.0.0/16 -m comment --comment "my own" -j DROP\n-A FORWARD -i wg0 -j ACCEPT\n';
  const commands = flat(firewallRestore('', docker.replace('COMMIT', `${foreign}COMMIT`)));
  expect(commands).toEqual([
    '-t filter -D FORWARD -j DOCKER-USER', '-t filter -D FORWARD -j DOCKER-ISOLATION-STAGE-1',
    '-t filter -D FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', '-t filter -D FORWARD -i docker0 ! -o docker0 -j ACCEPT',
    '-t filter -F DOCKER', '-t filter -F DOCKER-ISOLATION-STAGE-1', '-t filter -F DOCKER-USER',
    '-t filter -X DOCKER', '-t filter -X DOCKER-ISOLATION-STAGE-1', '-t filter -X DOCKER-USER', '-t filter -P FORWARD ACCEPT',
    '-t nat -D PREROUTING -m addrtype --dst-type LOCAL -j DOCKER', '-t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE', '-t nat -F DOCKER', '-t nat -X DOCKER',
  ]);
});

test('What existed before set-up stays, including FORWARD\'s policy', () => {
  expect(firewallRestore(docker, docker)).toEqual([]);
  const dropped = '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n';
  expect(flat(firewallRestore(dropped, docker))).not.toContain('-t filter -P FORWARD ACCEPT');
});

test('A policy that was changed later stays as it is', () => {
  expect(flat(firewallRestore('', docker.replace('FORWARD DROP', 'FORWARD ACCEPT'))).filter((line) => line.includes('-P'))).toEqual([]);
});

test('Rules that the user has added to DOCKER-USER stay, and so does the jump to them', () => {
  const commands = flat(firewallRestore('', docker.replace('-A DOCKER-USER', '-A DOCKER-USER -s 10.1.2.3/32 -j DROP\n-A DOCKER-USER')));
  expect(commands.filter((line) => line.includes('DOCKER-USER'))).toEqual([]);
  expect(commands).toContain('-t filter -X DOCKER');
});

test('Only empty tables that set-up\'s Docker created are removed', () => {
  const empty = '*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n*nat\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n*mangle\n:INPUT DROP [0:0]\nCOMMIT\n';
  expect(emptiedTables('*nat\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n', empty)).toEqual(['filter']);
  expect(emptiedTables('', docker)).toEqual([]);
});
