import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { urisOfDeb822, urisOfSourcesList, urlOfAptUri } from '../../supervisor/network/apt-sources.ts';
import { pipIndexesOf, type DiscoveredHosts } from '../../supervisor/network/package-host-discovery.ts';
import { PackageHostList } from '../../supervisor/network/package-host-list.ts';
import { allowsHost, allowsName, packageHostOfUrl, parsePackageHost, portsOf } from '../../supervisor/network/package-hosts.ts';

const hosts = ['mirror.example', '*.files.example', 'cache.example:3142'].map(parsePackageHost);

test('an entry allows its own name on its own ports', () => {
  expect(allowsHost(hosts, 'mirror.example', 443)).toBe(true);
  expect(allowsHost(hosts, 'MIRROR.example.', 80)).toBe(true);
  expect(allowsHost(hosts, 'mirror.example', 22)).toBe(false);
  expect(allowsHost(hosts, 'sub.mirror.example', 443)).toBe(false);
  expect(allowsHost(hosts, 'evilmirror.example', 443)).toBe(false);
  expect(allowsHost(hosts, 'cache.example', 3142)).toBe(true);
  expect(allowsHost(hosts, 'cache.example', 443)).toBe(false);
  expect(portsOf(hosts)).toEqual([80, 443, 3142]);
});

test('a wildcard allows what is below a name, not the name and not look-alikes', () => {
  expect(allowsName(hosts, 'a.files.example')).toBe(true);
  expect(allowsName(hosts, 'b.a.files.example')).toBe(true);
  expect(allowsName(hosts, 'files.example')).toBe(false);
  expect(allowsName(hosts, '.files.example')).toBe(false);
  expect(allowsName(hosts, 'xfiles.example')).toBe(false);
  expect(allowsName(hosts, 'files.example.evil.example')).toBe(false);
});

test.each(['', '*', '*.', '*.example', 'a b', 'http://mirror.example', 'mirror.example:0', 'mirror.example:99999', 'mirror.example:53', 'mirror..example', 'mirror.example/x', '-rf;', '*.10.0.0.1', 'a*.example'])('the entry %j is refused', (entry) => {
  expect(() => parsePackageHost(entry)).toThrow(expect.objectContaining({ code: 'config_invalid' }) as Error);
});

test('the host of a URL keeps an unusual port', () => {
  expect(packageHostOfUrl('https://mirror.example/simple/')).toBe('mirror.example');
  expect(packageHostOfUrl('http://cache.example:3142/debian')).toBe('cache.example:3142');
  expect(packageHostOfUrl('https://mirror.example:443/')).toBe('mirror.example');
  expect(packageHostOfUrl('https://user:secret@mirror.example/')).toBe('mirror.example');
  for (const url of ['file:///srv/packages', 'cdrom:[Debian]/', '', '/opt/wheels', 'http://[::1]/']) expect(packageHostOfUrl(url)).toBeUndefined();
});

describe("apt's sources", () => {
  test('are read from one-line files', () => {
    const text = [
      '# deb http://commented.example/ x main',
      'deb http://one.example/debian bookworm main contrib',
      '  deb [arch=amd64 signed-by=/a/b.gpg] https://two.example/debian bookworm main',
      'deb-src https://three.example/debian bookworm main # note',
      'deb cdrom:[Debian_12]/ bookworm main',
      'nonsense',
    ].join('\n');
    expect(urisOfSourcesList(text)).toEqual(['http://one.example/debian', 'https://two.example/debian', 'https://three.example/debian', 'cdrom:[Debian_12]/']);
  });

  test('are read from deb822 files, including folded and disabled stanzas', () => {
    const text = 'Types: deb\n# a comment\nURIs: http://one.example/debian\n https://two.example:8443/x\nSuites: a\n\nTypes: deb\nEnabled: no\nURIs: http://off.example/\n\n\nuris: mirror+https://three.example/list\nEnabled: yes\n';
    expect(urisOfDeb822(text)).toEqual(['http://one.example/debian', 'https://two.example:8443/x', 'mirror+https://three.example/list']);
  });

  test("lose apt's own method names", () => {
    expect(urlOfAptUri('mirror+https://three.example/list')).toBe('https://three.example/list');
    expect(urlOfAptUri('mirror://four.example/list')).toBe('http://four.example/list');
    expect(urlOfAptUri('http://one.example/')).toBe('http://one.example/');
  });
});

test("pip's own default counts only where no index is set", () => {
  const base = { default: 'https://default.example/simple' };
  expect(pipIndexesOf({ ...base, settings: {} })).toEqual(['https://default.example/simple']);
  expect(pipIndexesOf({ ...base, settings: { 'global.index-url': 'https://own.example/simple', ':env:.extra-index-url': 'https://a.example/ https://b.example/', 'install.find-links': '/opt/wheels\nhttps://c.example/w' } }))
    .toEqual(['https://own.example/simple', 'https://a.example/', 'https://b.example/', 'https://c.example/w']);
});

describe('the list of package hosts', () => {
  let folder: string;
  let cacheFile: string;
  const log = pino({ level: 'silent' });
  const list = (discover: () => Promise<DiscoveredHosts>): PackageHostList => new PackageHostList({ cacheFile, discover, log });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'somnus-network-'));
    cacheFile = join(folder, 'hosts.json');
  });
  afterEach(async () => {
    vi.useRealTimers();
    await rm(folder, { recursive: true });
  });

  test('is discovered once and kept in a file', async () => {
    let asked = 0;
    const found = list(() => { asked += 1; return Promise.resolve({ hosts: ['mirror.example:8080'], missing: [] }); });
    await found.ensure();
    await found.ensure();
    expect(asked).toBe(1);
    expect(found.allowsHost('mirror.example', 8080)).toBe(true);
    expect(JSON.parse(await readFile(cacheFile, 'utf8'))).toEqual({ hosts: ['mirror.example:8080'] });
  });

  test('is read from the file while the indexes do not answer', async () => {
    await writeFile(cacheFile, JSON.stringify({ hosts: ['files.example'] }));
    const { promise, resolve } = Promise.withResolvers<DiscoveredHosts>();
    let asked = 0;
    const found = list(() => { asked += 1; return promise; });
    await found.ensure();
    expect(found.allowsName('files.example')).toBe(true);
    expect(asked).toBe(0); // a start is not delayed
    vi.setSystemTime(Date.now() + 121_000);
    await found.ensure();
    expect(asked).toBe(1);
    resolve({ hosts: ['mirror.example'], missing: [{ tool: 'pip', reason: 'no answer' }] });
    await expect.poll(async () => await readFile(cacheFile, 'utf8')).toContain('mirror.example');
    expect(found.allowsName('mirror.example')).toBe(true);
    expect(found.allowsName('files.example')).toBe(true);
  });

  test('survives a failed discovery and a damaged file', async () => {
    await writeFile(cacheFile, 'not json');
    const found = list(() => Promise.reject(new Error('offline')));
    await found.ensure();
    expect(found.ports()).toEqual([]);
  });

  test('is the configured one if there is one', async () => {
    const found = new PackageHostList({ hosts: ['own.example'], cacheFile, discover: () => Promise.reject(new Error('must not be asked')), log });
    await found.ensure();
    expect(found.allowsName('own.example')).toBe(true);
  });
});
