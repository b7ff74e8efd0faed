// The user that a VM's QEMU runs as. Each VM has its own, so that a compromised QEMU cannot open another VM's files. Needs no entry in /etc/passwd.
import { SomnusError } from '../../common/errors.ts';

export interface VmUser { uid: number; gid: number }

/**
 * Linux distributions and systemd assign nothing from here to 0x7fffffff (systemd's UIDS-GIDS.md). Each installation has 4096 of them, selected by
 * its four hex digits, so that two control planes on a host never share a user.
 */
const FIRST_UID = 0x7000_0000;
const PER_INSTALLATION = 4096;

/**
 * A pure function of the VM's network index, which no two running VMs share: an index has one tap, and a tap serves one QEMU. The group is QEMU's
 * own, for /dev/kvm: files are opened to the user, never to the group.
 * @throws unsupported for the 4096th environment of a host
 */
export function vmUser(installation: string, index: number, gid: number): VmUser {
  if (index >= PER_INSTALLATION) throw new SomnusError('unsupported', `A host can have at most ${PER_INSTALLATION - 1} environments; this would be number ${index}`, { hint: 'Purge environments that you no longer need.' });
  return { uid: FIRST_UID + Number.parseInt(installation, 16) * PER_INSTALLATION + index, gid };
}
