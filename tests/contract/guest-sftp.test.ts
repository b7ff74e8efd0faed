// Small files over SFTP, with a local sshd: which files use it, and what happens when SFTP is missing, refuses requests, hangs or dies.
import { chmod, chown, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { pollUntil } from '../../common/deadline.ts';
import type { SomnusError } from '../../common/errors.ts';
import type { Ssh2Channel } from '../../supervisor/guest/ssh2-channel.ts';
import { run } from '../support/guest-programs.ts';
import { GuestSshd, SFTP_SERVER } from '../support/guest-sshd.ts';

interface Guest { channel: Ssh2Channel; sshd: GuestSshd; folder: string }

/** Records the process id of each session. */
const LOGGED = `echo $$ >>$folder/sessions\nexec ${SFTP_SERVER}`;

async function start(sftp: string | null): Promise<Guest> {
  const sshd = await GuestSshd.start({ sftp });
  const channel = sshd.channel();
  onTestFinished(async () => {
    await channel.close();
    await sshd[Symbol.asyncDispose]();
  });
  return { sshd, channel, folder: sshd.folder };
}

async function put({ channel, folder }: Guest, name: string, content: string | Buffer, mode?: number, signal?: AbortSignal): Promise<unknown> {
  return await channel.writeFile(join(folder, name), Readable.from([Buffer.from(content)]), { mode }, signal);
}
const get = async ({ folder }: Guest, name: string): Promise<string> => await readFile(join(folder, name), 'utf8');
const sessions = async (guest: Guest): Promise<number[]> => (await get(guest, 'sessions').catch(() => '')).split('\n').filter(Boolean).map(Number);

async function untilClean({ folder }: Guest): Promise<void> {
  await pollUntil('the temporary file to be removed', { timeoutMs: 60_000, intervalMs: 50 }, async () => (await readdir(folder)).some((name) => name.startsWith('.somnus-')) ? undefined : true);
}

test('Small files share one SFTP session, even when written at the same time; owner and mode are kept as by the script', async () => {
  const guest = await start(LOGGED);
  await writeFile(join(guest.folder, 'kept'), 'old');
  await chown(join(guest.folder, 'kept'), 12, 34);
  await chmod(join(guest.folder, 'kept'), 0o4751);
  expect(await put(guest, 'kept', 'new')).toEqual({ sizeBytes: 3 });
  await Promise.all([put(guest, 'plain', 'a'), put(guest, 'private', 'b', 0o600), put(guest, 'empty', ''), put(guest, 'full', Buffer.alloc(32_768, 1))]);
  const described = await Promise.all(['kept', 'plain', 'private', 'empty', 'full'].map(async (name) => await stat(join(guest.folder, name))));
  expect(described.map(({ mode, uid, gid, size }) => [mode & 0o7777, uid, gid, size])).toEqual([[0o4751, 12, 34, 3], [0o644, 0, 0, 1], [0o600, 0, 0, 1], [0o644, 0, 0, 0], [0o644, 0, 0, 32_768]]);
  expect(await get(guest, 'kept')).toBe('new');
  expect(await sessions(guest)).toHaveLength(1);
  await untilClean(guest);
});

test('Larger files, links and paths whose errors need an explanation are written by the script', async () => {
  const guest = await start(LOGGED);
  await put(guest, 'large', Buffer.alloc(32_769, 1));
  expect(await sessions(guest)).toEqual([]);
  await writeFile(join(guest.folder, 'target'), 'old');
  await symlink('target', join(guest.folder, 'link'));
  await put(guest, 'link', 'new');
  expect(await get(guest, 'target')).toBe('new');
  await expect(put(guest, 'missing/file', 'x')).rejects.toMatchObject({ code: 'invalid_request', message: expect.stringContaining('The folder of') });
  await expect(put(guest, '', 'x')).rejects.toMatchObject({ code: 'invalid_request', message: expect.stringContaining('is a folder') });
  await untilClean(guest);
});

test.each([
  ['offers no SFTP', null],
  ['does not serve SFTP where it is offered', 'exit 1'],
  ['answers something else', 'echo "Welcome to this machine"; cat'],
  ['does not allow SFTP to rename', `exec ${SFTP_SERVER} -P posix-rename`],
  ['does not allow SFTP to write', `exec ${SFTP_SERVER} -P write`],
])('In a guest that %s, the script writes the files', async (_title, sftp) => {
  const guest = await start(sftp);
  for (const content of ['first', 'second']) {
    await put(guest, 'file', content, 0o640);
    expect(await get(guest, 'file')).toBe(content);
  }
  expect((await stat(join(guest.folder, 'file'))).mode & 0o7777).toBe(0o640);
  await untilClean(guest);
});

test('An SFTP server that hangs blocks one file until it is cancelled, and others only briefly', async () => {
  const guest = await start(LOGGED);
  await put(guest, 'file', 'old');
  const [server = 0] = await sessions(guest);
  process.kill(server, 'SIGSTOP');
  const abort = new AbortController();
  const names = ['one', 'two'];
  const puts = names.map(async (name) => await put(guest, name, name, undefined, abort.signal).then(() => 'written', (error: SomnusError) => error.code));
  await Promise.race(puts);
  abort.abort();
  const outcomes = await Promise.all(puts);
  expect(outcomes.toSorted()).toEqual(['cancelled', 'written']);
  expect(await get(guest, names[outcomes.indexOf('written')]!)).toBe(names[outcomes.indexOf('written')]);
  await put(guest, 'file', 'new');
  expect(await get(guest, 'file')).toBe('new');
  expect(await sessions(guest)).toHaveLength(2);
  process.kill(server, 'SIGKILL');
  expect(await readdir(guest.folder)).not.toContain(names[outcomes.indexOf('cancelled')]);
  await untilClean(guest);
});

test('A session that dies between two files is replaced', async () => {
  const guest = await start(LOGGED);
  await put(guest, 'file', 'old');
  const [server = 0] = await sessions(guest);
  process.kill(server, 'SIGKILL');
  await put(guest, 'file', 'new');
  await put(guest, 'file', 'newer');
  expect(await get(guest, 'file')).toBe('newer');
  await untilClean(guest);
});

test('A connection that is lost while writing a small file is reported, and only the old file remains', async () => {
  const guest = await start(LOGGED);
  await put(guest, 'file', 'old');
  const [server = 0] = await sessions(guest);
  process.kill(server, 'SIGSTOP');
  const writing = put(guest, 'file', 'new');
  writing.catch(() => {});
  await guest.sshd.kill();
  process.kill(server, 'SIGKILL');
  await expect(writing).rejects.toMatchObject({ code: 'guest_unreachable' });
  await guest.sshd.launch();
  expect((await run(guest.channel, ['cat', join(guest.folder, 'file')])).stdout).toBe('old');
  await untilClean(guest);
});

test('An SFTP session is closed for a program when the server allows no more sessions', async () => {
  const sshd = await GuestSshd.start({ maxSessions: 1 });
  const channel = sshd.channel();
  onTestFinished(async () => {
    await channel.close();
    await sshd[Symbol.asyncDispose]();
  });
  const guest = { sshd, channel, folder: sshd.folder };
  await put(guest, 'file', 'by SFTP');
  expect((await run(channel, ['cat', join(sshd.folder, 'file')])).stdout).toBe('by SFTP');
  await put(guest, 'file', 'again');
  expect(await get(guest, 'file')).toBe('again');
});
