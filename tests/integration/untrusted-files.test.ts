// Opens files that a compromised QEMU may have put in a folder: links, FIFOs, sockets and devices are neither followed, read nor waited for.
import { once } from 'node:events';
import { constants } from 'node:fs';
import { chmod, link, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../../common/run-command.ts';
import { letQemuPassLibvirtFolder, restoreLibvirtFolder } from '../../supervisor/host/libvirt-folder.ts';
import { connectToSocket, openPlainFile } from '../../supervisor/host/untrusted-files.ts';
import { readConsoleLog } from '../../supervisor/vms/console-log.ts';
import { makeDiskFolder } from '../support/clean-up.ts';

let folder: string;
let secret: string;
const servers: Server[] = [];
beforeEach(async () => {
  folder = await makeDiskFolder();
  secret = join(folder, 'secret');
  await writeFile(secret, 'of root', { mode: 0o600 });
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rm(folder, { recursive: true });
});

const at = (name: string): string => join(folder, name);
async function listen(name: string): Promise<string> {
  const server = createServer((socket) => socket.end('hello'));
  servers.push(server);
  server.listen(at(name));
  await once(server, 'listening');
  return at(name);
}

const planted: Record<string, () => Promise<unknown>> = {
  'a symbolic link': async () => await symlink(secret, at('planted')),
  'a hard link': async () => await link(secret, at('planted')),
  'a FIFO': async () => await runCommand('mkfifo', [at('planted')]),
  'a socket': async () => await listen('planted'),
  'a folder': async () => await mkdir(at('planted')),
  'a device': async () => await runCommand('mknod', [at('planted'), 'c', '1', '5']),
};

describe.each(Object.keys(planted))('%s in place of a file', (what) => {
  beforeEach(async () => { await planted[what]?.(); });

  test.each([['reading', constants.O_RDONLY], ['writing', constants.O_RDWR]])('is not opened for %s, and the refusal is immediate', async (_, flags) => {
    await expect(openPlainFile(at('planted'), flags)).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('is not shown as a console log, nor when the log is followed', async () => {
    for (const follow of [false, true]) await expect(readConsoleLog(at('planted'), { tailBytes: 100, follow })).rejects.toMatchObject({ code: 'corrupt' });
    expect(await readFile(secret, 'utf8')).toBe('of root');
  });
});

test('a console log is shown from the requested place, followed while it grows, and not followed into a link that replaces it', async () => {
  const log = at('console.log');
  expect(await text(await readConsoleLog(log, { tailBytes: 100, follow: false }))).toBe('');
  await writeFile(log, 'one two');
  expect(await text(await readConsoleLog(log, { tailBytes: 3, follow: false }))).toBe('two');
  const followed = await readConsoleLog(log, { tailBytes: 3, follow: true });
  const heard: string[] = [];
  followed.on('data', (chunk) => heard.push(String(chunk)));
  await once(followed, 'data');
  await writeFile(log, ' three', { flag: 'a' });
  await once(followed, 'data');
  expect(heard.join('')).toBe('two three');
  await rm(log);
  await symlink(secret, log);
  await expect(once(followed, 'end')).rejects.toMatchObject({ code: 'corrupt' });
  expect(heard.join('')).toBe('two three');
});

test('a socket is connected to by its own name, and only if it belongs to the right user', async () => {
  const path = await listen('socket');
  const socket = await connectToSocket(path, { uid: 0 });
  expect(await text(socket)).toBe('hello');
  await expect(connectToSocket(path, { uid: 1 })).rejects.toMatchObject({ code: 'corrupt' });
  await symlink(path, at('link'));
  await expect(connectToSocket(at('link'))).rejects.toMatchObject({ code: 'corrupt' });
  await expect(connectToSocket(secret)).rejects.toMatchObject({ code: 'corrupt' });
  await expect(connectToSocket(at('nothing'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('libvirt\'s folder lets other users pass and nothing more, and gets its mode back unless something has changed it since', async () => {
  const [libvirt, record] = [at('libvirt'), at('record')];
  const mode = async (): Promise<string> => ((await stat(libvirt)).mode & 0o7777).toString(8);
  await mkdir(libvirt);
  await chmod(libvirt, 0o750);
  await letQemuPassLibvirtFolder(record, libvirt);
  await letQemuPassLibvirtFolder(record, libvirt);
  expect(await mode()).toBe('751');
  await restoreLibvirtFolder(record, libvirt);
  await restoreLibvirtFolder(record, libvirt);
  expect(await mode()).toBe('750');
  await letQemuPassLibvirtFolder(record, libvirt);
  await chmod(libvirt, 0o755);
  await restoreLibvirtFolder(record, libvirt);
  expect(await mode()).toBe('755');
});
