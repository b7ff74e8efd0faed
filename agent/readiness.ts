// Determines whether the environment can be used: identity applied, address set, SSH listening, file system grown. Computed on request; nothing polls
// in an idle VM.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { CONTRACT_VERSION } from './constants.ts';
import type { AgentStatus } from './contract.ts';
import type { DiskGrowth } from './disk-growth.ts';
import type { IdentityKeeper } from './identity-keeper.ts';
import type { GuestStats } from './stats.ts';

const SSH_PORT = 22;

export interface StatusOptions {
  agentVersion: string;
  keeper: IdentityKeeper;
  stats: GuestStats;
  growth: Pick<DiskGrowth, 'underway'>;
  root?: string;
}

export function agentStatus({ agentVersion, keeper, stats, growth, root = '/' }: StatusOptions): AgentStatus {
  const waitingFor = [
    ...(keeper.current ? [] : ['an identity from the host']),
    ...(keeper.current && !keeper.addressIsUp() ? [`the address ${keeper.current.network.ip}`] : []),
    ...(isListening(readFileSync(join(root, 'proc/net/tcp'), 'latin1'), SSH_PORT) ? [] : ['the SSH server']),
    ...(growth.underway ? ['the file system to grow'] : []),
  ];
  return {
    contractVersion: CONTRACT_VERSION,
    agentVersion,
    bootId: readFileSync(join(root, 'proc/sys/kernel/random/boot_id'), 'latin1').trim(),
    uptimeMs: stats.uptimeMs(),
    unixMs: Date.now(),
    identity: keeper.current && { environmentId: keeper.current.environmentId, generation: keeper.current.generation },
    ready: waitingFor.length === 0,
    waitingFor,
    hostname: hostname(),
    vcpusOnline: stats.vcpusOnline(),
  };
}

/** Whether /proc/net/tcp shows a listener on this port. */
export function isListening(tcpTable: string, port: number): boolean {
  const LISTEN = '0A';
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return tcpTable.split('\n').some((row) => {
    const [, local = '', , state] = row.trim().split(/\s+/);
    return local.endsWith(suffix) && state === LISTEN;
  });
}
