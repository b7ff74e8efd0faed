// The user that a VM's QEMU runs as: one for each VM, so that a QEMU that was taken over can open nothing of another's. No entry in /etc/passwd is needed.
import { SomnusError } from '../../common/errors.ts';

export interface VmUser { uid: number; gid: number }

/**
 * Linux distributions and systemd give out nothing from here to 0x7fffffff (systemd's UIDS-GIDS.md). Each installation has 4096 of them, by its four hex digits, so that two
 * control planes of a host never share a user.
 */
const FIRST_UID = 0x7000_0000;
const PER_INSTALLATION = 4096;

/**
 * Pure: follows from the VM's place on the network, which no two VMs that run can have in common: the place has one tap, and a tap serves one QEMU.
 * The group is QEMU's own, for /dev/kvm: files are opened to the user, never to the group.
 * @throws unsupported for the 4096th environment of a host
 */
export function vmUser(installation: string, index: number, gid: number): VmUser {
  if (index >= PER_INSTALLATION) throw new SomnusError('unsupported', `A host has users for ${PER_INSTALLATION - 1} environments, and this would be number ${index}`, { hint: 'Purge environments that are not needed any more.' });
  return { uid: FIRST_UID + Number.parseInt(installation, 16) * PER_INSTALLATION + index, gid };
}
