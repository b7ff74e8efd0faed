// Defines which files of the guest hold its identity, and their content. Pure. The agent writes them (identity-keeper), or after a fork the host through the
// helper.
import type { Identity } from '../contract.ts';

/** The identity that the agent stores; the keys are kept only where SSH needs them. */
export type StoredIdentity = Omit<Identity, 'authorizedKey' | 'sshHostKey'>;

export const STORED_IDENTITY = 'var/lib/somnus/identity.json';
/** Read by somnus-network.service at boot. */
const NETWORK_BATCH = 'var/lib/somnus/network.batch';
export const NETWORK_DEVICE = 'eth0';

export interface GuestFile { path: string; content: string; mode: number }

/** Returns the files of an identity in the order of writing; the last one completes the identity. */
export function identityFiles(identity: Identity): GuestFile[] {
  const { authorizedKey, sshHostKey, ...stored } = identity;
  return [
    { path: 'etc/machine-id', content: `${identity.machineId}\n`, mode: 0o444 },
    { path: 'etc/hostname', content: `${identity.hostname}\n`, mode: 0o644 },
    { path: 'etc/hosts', content: `127.0.0.1 localhost\n127.0.1.1 ${identity.hostname}\n`, mode: 0o644 },
    { path: 'etc/resolv.conf', content: `nameserver ${identity.network.dns}\n`, mode: 0o644 },
    { path: NETWORK_BATCH, content: networkBatch(identity.network), mode: 0o600 },
    { path: 'etc/ssh/somnus_authorized_keys', content: `${authorizedKey}\n`, mode: 0o600 },
    // Last of the files that SSH needs: somnus-ssh.path opens the SSH port when it appears.
    { path: 'etc/ssh/somnus_host_key', content: sshHostKey.endsWith('\n') ? sshHostKey : `${sshHostKey}\n`, mode: 0o600 },
    { path: STORED_IDENTITY, content: `${JSON.stringify(stored)}\n`, mode: 0o600 },
  ];
}

/** Returns commands for `ip -batch`, the default route last. The gateway is reached directly on the link, because every VM has a /32. Repeatable. */
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
