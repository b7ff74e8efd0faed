// Which files of the guest say who it is, and what is in them. Pure: writing them is identity-keeper's.
import type { Identity } from './contract.ts';

/** What the agent keeps to know itself by; the keys are only where SSH needs them. */
export type StoredIdentity = Omit<Identity, 'authorizedKey' | 'sshHostKey'>;

export const STORED_IDENTITY = 'var/lib/somnus/identity.json';
/** Read by somnus-network.service at boot. */
const NETWORK_BATCH = 'var/lib/somnus/network.batch';
export const NETWORK_DEVICE = 'eth0';

export interface GuestFile { path: string; content: string; mode: number }

/** The files of an identity in the order of writing; the last one makes it the guest's own. */
export function identityFiles(identity: Identity): GuestFile[] {
  const { authorizedKey, sshHostKey, ...stored } = identity;
  return [
    { path: 'etc/machine-id', content: `${identity.machineId}\n`, mode: 0o444 },
    { path: 'etc/hostname', content: `${identity.hostname}\n`, mode: 0o644 },
    { path: 'etc/hosts', content: `127.0.0.1 localhost\n127.0.1.1 ${identity.hostname}\n`, mode: 0o644 },
    { path: 'etc/resolv.conf', content: `nameserver ${identity.network.dns}\n`, mode: 0o644 },
    { path: NETWORK_BATCH, content: networkBatch(identity.network), mode: 0o600 },
    { path: 'etc/ssh/somnus_authorized_keys', content: `${authorizedKey}\n`, mode: 0o600 },
    // Last of what SSH needs: somnus-ssh.path opens the door when it appears.
    { path: 'etc/ssh/somnus_host_key', content: sshHostKey.endsWith('\n') ? sshHostKey : `${sshHostKey}\n`, mode: 0o600 },
    { path: STORED_IDENTITY, content: `${JSON.stringify(stored)}\n`, mode: 0o600 },
  ];
}

/** Commands for `ip -batch`, the default route last. The gateway is reached on the link itself: every VM has a /32. Repeatable. */
export function networkBatch(network: Identity['network']): string {
  const device = NETWORK_DEVICE;
  return [
    `address flush dev ${device}`,
    `link set dev ${device} address ${network.mac} up`,
    `address add ${network.ip}/32 dev ${device}`,
    `route replace ${network.gateway} dev ${device} scope link`,
    `route replace default via ${network.gateway} dev ${device}`,
    '',
  ].join('\n');
}
