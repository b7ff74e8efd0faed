// Finds what AppArmor has denied to VMs, from the kernel's log, and tests whether a running VM's profile allows its own files and no other VM's.
import { readFile, stat } from 'node:fs/promises';
import { runCommand } from '../../common/run-command.ts';
import { profileName, profilePath } from './apparmor.ts';

export interface DeniedFile { uuid: string; path: string; mask: string; program: string; atMs: number }

const DENIED = /audit\((?<seconds>\d+\.\d+):\d+\).* apparmor="DENIED" .*profile="libvirt-(?<uuid>[0-9a-f-]{36})" name=(?<name>"[^"]*"|[0-9A-F]+) .*comm="(?<program>[^"]*)".* denied_mask="(?<mask>[^"]*)"/;
const AUDIT_LOG = '/var/log/audit/audit.log';

/** Parses the files that were denied to VMs, oldest first. Pure. */
export function deniedFiles(kernelLog: string): DeniedFile[] {
  return kernelLog.split('\n').flatMap((line) => {
    const { seconds, uuid, name, program, mask } = DENIED.exec(line)?.groups ?? {};
    if (seconds === undefined || uuid === undefined || name === undefined || program === undefined || mask === undefined) return [];
    const path = name.startsWith('"') ? name.slice(1, -1) : Buffer.from(name, 'hex').toString(); // the kernel writes names with spaces in hexadecimal
    return [{ uuid, path, mask, program, atMs: Math.round(Number(seconds) * 1000) }];
  });
}

/** Returns what was denied to the QEMU of these VMs since each was last started, which is when its profile is written. */
export async function recentDenials(uuids: ReadonlySet<string>): Promise<DeniedFile[]> {
  const [kernel, auditd] = await Promise.all([
    runCommand('dmesg', []).then(({ stdout }) => stdout, () => ''),
    readFile(AUDIT_LOG, 'utf8').catch(() => ''), // where auditd runs, denials are not in the kernel's log
  ]);
  const written = new Map<string, number>();
  for (const uuid of uuids) written.set(uuid, await stat(profilePath(uuid)).then(({ mtimeMs }) => mtimeMs, () => Infinity));
  return [...deniedFiles(kernel), ...deniedFiles(auditd)].filter(({ uuid, program, atMs }) => program.startsWith('qemu') && atMs >= (written.get(uuid) ?? Infinity));
}

/** Opens a file for reading and writing as this user, confined like this VM. @returns whether AppArmor and the file's mode allow it */
export async function mayOpen(uuid: string, owner: { uid: number; gid: number }, file: string): Promise<boolean> {
  const { exitCode } = await runCommand('setpriv', [
    '--reuid', String(owner.uid), '--regid', String(owner.gid), '--clear-groups',
    'aa-exec', '--profile', profileName(uuid), '--', 'dd', `of=${file}`, 'if=/dev/null', 'count=0', 'conv=notrunc', 'status=none',
  ], { allowExit: [1] });
  return exitCode === 0;
}
