// somnus ssh-config, ssh-proxy: let ssh, scp, rsync and editors connect to an environment through the control plane.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileDurably } from '../../../common/durable-file.ts';
import { SomnusError } from '../../../common/errors.ts';
import type { Environment, SshAccess } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { runInGuest } from '../exec/run-in-guest.ts';

/** An sshd for one connection on its standard streams, as systemd starts it in the guest. */
const sshd = ['/bin/sh', '-c', 'mkdir -p /run/sshd && exec /usr/sbin/sshd -i'];
const wakeSeconds = 120;

/** Writes the key and the known host key to files, and prints the entry that refers to them. */
export async function sshConfig(cli: Cli, { name }: { name: string }): Promise<void> {
  const access: SshAccess = await (await cli.api()).call('post', '/v1/environments/{ref}/ssh', { path: { ref: name } });
  const folder = join(dirname(cli.settings.keyFile), 'ssh');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [identityFile, knownHostsFile] = [join(folder, access.environmentId), join(folder, `${access.environmentId}.known_hosts`)];
  await writeFileDurably(identityFile, access.privateKey);
  await writeFileDurably(knownHostsFile, `${access.environmentId} ${access.hostPublicKey}\n`);
  const host = `somnus-${access.name}`;
  const proxyCommand = [process.execPath, process.argv[1] ?? 'somnus', 'ssh-proxy', access.environmentId].map(shellQuoted).join(' ').replaceAll('%', '%%');
  const entry = [
    `Host ${host}`, `  HostName ${access.name}`, `  HostKeyAlias ${access.environmentId}`, `  User ${access.user}`, `  IdentityFile ${configQuoted(identityFile)}`, '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${configQuoted(knownHostsFile)}`, '  StrictHostKeyChecking yes', `  ProxyCommand ${proxyCommand}`,
  ].join('\n');
  cli.out.result({ host, hostName: access.name, user: access.user, identityFile, knownHostsFile, proxyCommand, entry }, () => entry);
}

/** Connects standard input and output to the SSH server of the environment, after waking it if necessary. */
export async function sshProxy(cli: Cli, { name }: { name: string }): Promise<number> {
  await wake(cli, name);
  return await runInGuest(cli, { name, request: { command: sshd, env: {} }, tty: false, input: 'stdin' });
}

async function wake(cli: Cli, ref: string): Promise<void> {
  const api = await cli.api();
  const environment: Environment = await api.call('get', '/v1/environments/{ref}', { path: { ref } });
  if (environment.state !== 'suspended' && environment.state !== 'hibernated') return;
  const action = environment.state === 'suspended' ? 'resume' : 'wake';
  const { operation } = await api.call('post', `/v1/environments/{ref}/${action}`, { path: { ref }, query: { wait: wakeSeconds }, timeoutMs: (wakeSeconds + 30) * 1000 });
  if (operation !== null && operation.status !== 'succeeded') {
    throw new SomnusError('invalid_state', `${environment.name} could not be woken: ${operation.error?.detail ?? `the operation is ${operation.status}`}`, { hint: `See \`somnus op show ${operation.id}\`.` });
  }
}

function shellQuoted(word: string): string {
  return /^[\w./:=@-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** ssh expands % in these values. */
function configQuoted(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}
