import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { profileText, removeProfile, removeProfilesFor, writeProfile } from '../../../supervisor/host/apparmor.ts';
import { deniedFiles } from '../../../supervisor/host/apparmor-denials.ts';

const UUID = '6c4ddfc1-0a5b-8c3e-9d4f-0123456789ab';
const OTHER = '7c4ddfc1-0a5b-8c3e-9d4f-0123456789ab';
/** As shipped with Debian's libvirt. */
const TEMPLATE = '#\n# This profile is for the domain whose UUID matches this file.\n#\n\n#include <tunables/global>\n\nprofile LIBVIRT_TEMPLATE flags=(attach_disconnected) {\n  #include <abstractions/libvirt-qemu>\n}\n';

let root: string;
let profiles: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'apparmor-'));
  profiles = join(root, 'etc/apparmor.d/libvirt');
  await mkdir(join(root, 'sys/module/apparmor/parameters'), { recursive: true });
  await writeFile(join(root, 'sys/module/apparmor/parameters/enabled'), 'Y\n');
  await mkdir(profiles, { recursive: true });
  await writeFile(join(profiles, 'TEMPLATE.qemu'), TEMPLATE);
  await mkdir(join(root, 'pool/env_a'), { recursive: true });
});
afterEach(async () => { await rm(root, { recursive: true }); });

const vm = (): Parameters<typeof writeProfile>[0] => ({ uuid: UUID, environmentId: 'env_a', files: [{ folder: join(root, 'pool/env_a'), name: 'ram' }] });

test('A VM has its own profile, which adds its memory file to what libvirt allows every VM', () => {
  const text = profileText(TEMPLATE, { uuid: UUID, environmentId: 'env_a', files: ['/srv/pool/env_a/ram'] });
  expect(text).toContain(`
profile libvirt-${UUID} flags=(attach_disconnected) {
  #include <abstractions/libvirt-qemu>
  #include <libvirt/libvirt-${UUID}.files>
  owner "/srv/pool/env_a/ram" rw,
}
`);
});

test('Pattern characters in a rule are escaped', () => {
  expect(profileText(TEMPLATE, { uuid: UUID, environmentId: 'env_a', files: ['/srv/{a}*[b] "c"/ram'] })).toContain(String.raw`owner "/srv/\{a\}\*\[b\] \"c\"/ram" rw,`);
});

test('A template in another format is refused, with what to do', () => {
  expect(() => profileText('# nothing', { uuid: UUID, environmentId: 'env_a', files: [] })).toThrow(/not a profile named LIBVIRT_TEMPLATE/);
});

test('Rules name files by their path without links, since that is what AppArmor sees', async () => {
  await symlink(join(root, 'pool'), join(root, 'linked'));
  await writeProfile({ ...vm(), files: [{ folder: join(root, 'linked/env_a'), name: 'ram' }] }, root);
  expect(await readFile(join(profiles, `libvirt-${UUID}`), 'utf8')).toContain(`owner "${join(root, 'pool/env_a/ram')}" rw,`);
});

test.each([
  ['the kernel has no AppArmor', async () => { await rm(join(root, 'sys/module/apparmor'), { recursive: true }); }],
  ['AppArmor is switched off', async () => { await writeFile(join(root, 'sys/module/apparmor/parameters/enabled'), 'N\n'); }],
  ['libvirt has no template', async () => { await rm(join(profiles, 'TEMPLATE.qemu')); }],
])('No profile is written where %s', async (_, change) => {
  await change();
  await writeProfile(vm(), root);
  expect((await readdir(profiles)).filter((name) => name.startsWith('libvirt-'))).toEqual([]);
});

test('Removing a profile removes what libvirt wrote beside it, and can be repeated', async () => {
  await writeProfile(vm(), root);
  await writeFile(join(profiles, `libvirt-${UUID}.files`), '');
  await removeProfile(UUID, root);
  await removeProfile(UUID, root);
  expect(await readdir(profiles)).toEqual(['TEMPLATE.qemu']);
});

test('Uninstalling removes profiles for its own folder, including those of older versions, and no others', async () => {
  await writeProfile(vm(), root);
  await writeFile(join(profiles, `libvirt-${OTHER}`), 'profile …');
  await writeFile(join(profiles, `libvirt-${OTHER}.files`), `  "${root}/pool/env_b/console.log" w,\n`);
  const foreign = 'libvirt-8c4ddfc1-0a5b-8c3e-9d4f-0123456789ab';
  await writeFile(join(profiles, foreign), `profile for ${root}/pool2`);
  await writeFile(join(profiles, `${foreign}.files`), `  "${root}/pool2/disk" rw,\n`);
  await removeProfilesFor(join(root, 'pool'), root);
  expect((await readdir(profiles)).toSorted()).toEqual(['TEMPLATE.qemu', foreign, `${foreign}.files`]);
});

test('The kernel log shows which file of which VM AppArmor denied, and when', () => {
  const log = `[   12.1] audit: type=1400 audit(1795273200.250:41): apparmor="STATUS" operation="profile_load" profile="unconfined" name="libvirt-${UUID}" pid=1
[   13.2] audit: type=1400 audit(1795273201.500:42): apparmor="DENIED" operation="open" class="file" profile="libvirt-${UUID}" name="/srv/pool/env_a/ram" pid=9 comm="qemu-system-x86" requested_mask="wrc" denied_mask="wrc" fsuid=64055 ouid=64055
[   13.3] audit: type=1400 audit(1795273201.600:43): apparmor="DENIED" operation="open" profile="libvirt-${UUID}" name=${Buffer.from('/srv/a b/ram').toString('hex').toUpperCase()} pid=9 comm="qemu-system-x86" requested_mask="r" denied_mask="r" fsuid=64055 ouid=64055
[   14.0] audit: type=1400 audit(1795273202.000:44): apparmor="DENIED" operation="open" profile="/usr/sbin/cupsd" name="/etc/shadow" pid=7 comm="cupsd" requested_mask="r" denied_mask="r" fsuid=0 ouid=0`;
  expect(deniedFiles(log)).toEqual([
    { uuid: UUID, path: '/srv/pool/env_a/ram', mask: 'wrc', program: 'qemu-system-x86', atMs: 1795273201500 },
    { uuid: UUID, path: '/srv/a b/ram', mask: 'r', program: 'qemu-system-x86', atMs: 1795273201600 },
  ]);
});
