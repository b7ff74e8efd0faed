import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SomnusError } from '../../common/errors.ts';
import { buildDomainXml, type DomainShape } from '../../supervisor/domain/domain-xml.ts';

const shape: DomainShape = {
  name: 'somnus-ab12-env_1',
  uuid: '5b0c9a0e-2a27-4f7e-8a55-0b2f8f1b2c3d',
  vcpusMax: 4,
  memoryMaxMiB: 2048,
  accel: 'tcg',
  machineType: 'pc-i440fx-7.2',
  cpuModel: 'maximum',
  watchdog: false,
  helper: false,
  nestedVirtualization: false,
  folder: '/pool/environments/env_1',
  user: { uid: 0x7ab1_2001, gid: 104 },
  kernelCmdline: 'root=/dev/vda rw console=ttyS0',
  mac: '52:54:00:12:34:56',
  tapName: 'som1',
  runDir: '/run/somnus/env_1',
  genid: '0b2f8f1b-2a27-4f7e-8a55-5b0c9a0e2c3d',
  diskSerial: 'env_1',
  metadata: { environmentId: 'env_1', installation: 'ab12' },
};

/** The tags, without attributes and text. */
const skeleton = (xml: string): string => xml.replaceAll(/'[^']*'/g, "''").replaceAll(/>[^<]*</g, '><');

const unescape = (text: string): string => text
  .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
  .replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', "'").replaceAll('&amp;', '&');

/** Text that tries to be XML, QEMU options or a path outside the folder. */
const hostile = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.constantFrom("'/><evil/>", '</name><name>', ']]>', '<!--', '-->', '&amp;', '&#0;', '"', "' evil='1", 'a,b=c', '\n\t\r', '<qemu:arg value=\'-s\'/>', '../../etc', '日本🙂'),
).filter((text) => {
  try {
    buildDomainXml({ ...shape, name: text });
    return true;
  } catch {
    return false; // contains a character that XML cannot contain: tested below
  }
});

describe('the domain XML', () => {
  test('matches the stored one, so that saved memory states still fit', async () => {
    await expect(buildDomainXml(shape)).toMatchFileSnapshot('golden/domain.xml');
  });

  test('uses no direct I/O: the kernel may drop a page of shared guest memory that direct I/O reads into', () => {
    expect(buildDomainXml(shape)).toContain("cache='writeback'");
  });

  test('keeps its structure whatever its values contain, and returns every value unchanged', () => {
    fc.assert(fc.property(fc.record({ name: hostile, kernelCmdline: hostile, tapName: hostile, diskSerial: hostile, machineType: hostile, environmentId: hostile, folder: hostile }), (values) => {
      const { environmentId, ...rest } = values;
      const xml = buildDomainXml({ ...shape, ...rest, metadata: { environmentId, installation: 'ab12' } });
      expect(skeleton(xml)).toBe(skeleton(buildDomainXml(shape)));
      expect(unescape(/<name>([^<]*)<\/name>/.exec(xml)?.[1] ?? '')).toBe(values.name);
      expect(unescape(/<cmdline>([^<]*)<\/cmdline>/.exec(xml)?.[1] ?? '')).toBe(values.kernelCmdline);
      expect(unescape(/<target dev='([^']*)' managed='no'\/>/.exec(xml)?.[1] ?? '')).toBe(values.tapName);
      expect(unescape(/<source file='([^']*)'\/>/.exec(xml)?.[1] ?? '')).toBe(`${values.folder}/disk`);
    }));
  });

  test('never lets a folder add an option to QEMU: a comma is doubled', () => {
    const xml = buildDomainXml({ ...shape, folder: '/pool/a,share=off' });
    expect(xml).toContain('mem-path=/pool/a,,share=off/ram,share=on');
  });

  test.each(['\0', '\x01', '\x1b[0m', '\ufffe', '\ud800'])('refuses a character that XML cannot contain: %j', (character) => {
    expect(() => buildDomainXml({ ...shape, kernelCmdline: `quiet ${character}` })).toThrow(expect.objectContaining({ code: 'invalid_request' }) as SomnusError);
  });

  test('refuses a socket folder whose path is too long for sockets', () => {
    expect(() => buildDomainXml({ ...shape, runDir: `/${'x'.repeat(100)}` })).toThrow(expect.objectContaining({ code: 'config_invalid' }) as SomnusError);
  });

  test('waits for a memory state only on request', () => {
    expect(buildDomainXml(shape)).not.toContain('-incoming');
    const xml = buildDomainXml({ ...shape, incoming: true });
    expect(xml).toContain("<qemu:arg value='-incoming'/>\n    <qemu:arg value='defer'/>");
    expect(xml.replace(/\n    <qemu:arg value='-incoming'\/>\n    <qemu:arg value='defer'\/>/, '')).toBe(buildDomainXml(shape));
  });

  test('limits the translation cache of TCG, which KVM does not have', () => {
    expect(buildDomainXml(shape)).toContain('tb-cache');
    const kvm = buildDomainXml({ ...shape, accel: 'kvm', cpuModel: 'host-passthrough' });
    expect(kvm).toContain("<domain type='kvm'");
    expect(kvm).not.toContain('tcg');
  });

  test('passes a GPU through as the last device, and leaves all others where they are', () => {
    const xml = buildDomainXml({ ...shape, gpu: '0000:3f:00.1' });
    const device = /\n    <hostdev [^]*<\/hostdev>(?=\n  <\/devices>)/.exec(xml)?.[0] ?? '';
    expect(device).toContain("<hostdev mode='subsystem' type='pci' managed='yes'>");
    expect(device).toContain("<address domain='0x0000' bus='0x3f' slot='0x00' function='0x1'/>");
    expect(xml.replace(device, '')).toBe(buildDomainXml(shape));
    expect(() => buildDomainXml({ ...shape, gpu: "0000:01:00.0'/>" })).toThrow(expect.objectContaining({ code: 'config_invalid' }) as SomnusError);
  });

  test.each([
    ['maximum', "<cpu mode='maximum'/>"],
    ['host-model', "<cpu mode='host-model'/>"],
    ['host-passthrough', "<cpu mode='host-passthrough' check='none' migratable='on'>"],
    ['Skylake-Server', '<model fallback=\'forbid\'>Skylake-Server</model>'],
  ])('requests the CPU %s', (cpuModel, expected) => {
    expect(buildDomainXml({ ...shape, cpuModel })).toContain(expected);
  });

  test('hides the host\'s virtualization from guests, except from VMs that have it in a saved state', () => {
    const [hidden, visible] = [false, true].map((nestedVirtualization) => buildDomainXml({ ...shape, cpuModel: 'host-passthrough', nestedVirtualization }));
    for (const name of ['vmx', 'svm']) expect(hidden).toContain(`<feature policy='disable' name='${name}'/>`);
    expect(visible).toContain("<cpu mode='host-passthrough' check='none' migratable='on'/>");
  });
});

test('the helper\'s port comes after the ports of older VMs, and only where the VM has one', () => {
  const [without, withOne = ''] = [false, true].map((helper) => buildDomainXml({ ...shape, helper }));
  const port = "\n    <channel type='unix'>\n      <source mode='bind' path='/run/somnus/env_1/helper.sock'/>\n      <target type='virtio' name='somnus.helper.0'/>\n    </channel>";
  expect(withOne.replace(port, '')).toBe(without);
  expect(withOne.indexOf(port)).toBeGreaterThan(withOne.indexOf('org.qemu.guest_agent.0'));
});

test('the watchdog device comes after all devices of older VMs, and only where the VM has one', () => {
  const [without, withOne] = [false, true].map((watchdog) => buildDomainXml({ ...shape, watchdog }));
  expect(withOne?.replace("\n    <watchdog model='i6300esb' action='none'/>", '')).toBe(without);
  expect(withOne).toMatch(/<panic model='isa'\/>\s*<watchdog model='i6300esb' action='none'\/>\s*<\/devices>/);
});
