import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { guestSources, oneLine, parseDeb822Sources, parseOneLineSources } from '../../images/apt-sources.ts';
import { settingsFiles } from '../../images/guest-root.ts';
import { credentialsIn, npmSettings, pipSettings, stripCredentials, withoutCredentials, type HostSettings } from '../../images/host-settings.ts';
import { DEFAULT_RECIPE_FILE } from '../../images/image-version.ts';
import { readRecipe } from '../../images/recipe.ts';

const debian822 = `# the mirror
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
# a comment inside
Signed-By:
 /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main
`;

const lines = (sources: ReturnType<typeof guestSources>): string[] => sources.map(oneLine);

test('A host with a Debian mirror gives the guest the same mirror, for the guest\'s release', () => {
  expect(lines(guestSources(parseDeb822Sources(debian822), 'trixie'))).toEqual([
    'deb http://mirror.example/debian trixie main',
    'deb http://mirror.example/debian trixie-updates main',
    'deb http://mirror.example/debian-security trixie-security main',
  ]);
});

test('The one-line format is read too, with options, comments and sources that are not binary packages', () => {
  const sources = parseOneLineSources(`
# deb http://old.example/debian bookworm main
deb [signed-by=/a arch=amd64] http://mirror.example/debian bookworm main contrib # here
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/debian-security bookworm-security main
`);
  expect(lines(guestSources(sources, 'trixie'))).toEqual([
    'deb http://mirror.example/debian trixie main',
    'deb http://mirror.example/debian trixie-updates main',
    'deb http://mirror.example/debian-security trixie-security main',
  ]);
});

test('Other vendors\' archives are not treated as Debian\'s', () => {
  const sources = parseOneLineSources(`
deb https://download.example/linux/debian bookworm stable
deb https://vendor.example/prod bookworm main
deb https://deb.node.example/node_20.x nodistro main
deb http://mirror.example/debian bookworm main
deb http://mirror.example/debian bookworm-updates main
`);
  expect(guestSources(sources, 'trixie')[0]?.uri).toBe('http://mirror.example/debian');
});

test('A host without any gets Debian\'s own servers; a mirror without security updates is not mixed with them', () => {
  expect(lines(guestSources([], 'trixie'))).toEqual([
    'deb http://deb.debian.org/debian trixie main', 'deb http://deb.debian.org/debian trixie-updates main', 'deb http://deb.debian.org/debian-security trixie-security main',
  ]);
  expect(guestSources(parseOneLineSources('deb http://mirror.example/debian bookworm main'), 'trixie').map(({ suite }) => suite)).toEqual(['trixie', 'trixie-updates']);
});

test('pip\'s and npm\'s settings are found where these look, and the later and nearer ones win', () => {
  expect(pipSettings(['[global]\nindex-url = https://one.example/simple\n', '[global]\nindex-url=https://two.example/simple\ntrusted-host = two.example\n'], {})).toEqual({ 'index-url': 'https://two.example/simple', 'trusted-host': 'two.example' });
  expect(pipSettings(['[global]\nindex-url = https://one.example/simple\n'], { PIP_INDEX_URL: 'https://env.example/simple' })).toEqual({ 'index-url': 'https://env.example/simple' });
  expect(npmSettings(['registry=https://one.example/\n//one.example/:_authToken=secret\n@us:registry=https://us.example/\n', 'registry = https://two.example/\n'], {})).toEqual(['registry=https://two.example/', '@us:registry=https://us.example/']);
  expect(npmSettings([], { npm_config_registry: 'https://env.example/' })).toEqual(['registry=https://env.example/']);
});

const plain: HostSettings = { aptSources: [], aptOptions: [], caCertificates: [], pip: {}, npm: [], proxies: {} };

test('A host\'s certificates, registries and proxies are in the guest\'s own settings', () => {
  const files = settingsFiles({
    ...plain,
    caCertificates: [{ name: 'corp.crt', content: 'PEM' }],
    pip: { 'index-url': 'https://pip.example/simple' },
    npm: ['registry=https://npm.example/'],
    proxies: { https_proxy: 'http://proxy.example:3128' },
  });
  expect(files['usr/local/share/ca-certificates/corp.crt']).toBe('PEM');
  expect(files['etc/pip.conf']).toContain('cert = /etc/ssl/certs/ca-certificates.crt\nindex-url = https://pip.example/simple\n');
  expect(files['usr/local/etc/npmrc']).toContain('cafile=/etc/ssl/certs/ca-certificates.crt\n');
  expect(files['usr/local/etc/npmrc']).toContain('registry=https://npm.example/\n');
  expect(files['etc/environment']).toContain('NODE_EXTRA_CA_CERTS="/etc/ssl/certs/ca-certificates.crt"\n');
  expect(files['etc/ssh/sshd_config.d/somnus-environment.conf']?.match(/^SetEnv /gm)).toHaveLength(1); // sshd uses only the first
  expect(files['etc/ssh/sshd_config.d/somnus-environment.conf']).toContain('https_proxy="http://proxy.example:3128"');
});

test('No credential of the host reaches the guest\'s settings, in whatever form it is written, and what was left out is named', () => {
  const host: HostSettings = {
    ...plain,
    aptSources: [{ uri: 'https://ann:s3cret@mirror.example/debian', suite: 'bookworm', components: ['main'] }],
    aptOptions: ['Acquire::http::Proxy "http://ann:s3cret@proxy.example:3128/";', 'Acquire::Check-Date "false";'],
    pip: { 'index-url': 'https://s3cret@pypi.example/simple/', 'extra-index-url': 'https://open.example/simple https://ann:s3%40cret@two.example/simple?token=s3cret' },
    npm: ['registry=https://ann:s3cret@npm.example/', '@us:registry=https://us.example/'],
    proxies: { https_proxy: 'http://ann:p@s3cret@proxy.example:3128', HTTP_PROXY: 'ann:s3cret@proxy.example:3128', no_proxy: 'a.example,b.example' },
  };
  const clean = withoutCredentials(host);
  expect(JSON.stringify([clean, settingsFiles(clean), guestSources(clean.aptSources, 'trixie')])).not.toMatch(/s3|ann/);
  expect(clean.pip).toEqual({ 'index-url': 'https://pypi.example/simple/', 'extra-index-url': 'https://open.example/simple https://two.example/simple' });
  expect(clean.aptOptions).toEqual(['Acquire::http::Proxy "http://proxy.example:3128/";', 'Acquire::Check-Date "false";']);
  expect(clean.proxies).toEqual({ https_proxy: 'http://proxy.example:3128', HTTP_PROXY: 'proxy.example:3128', no_proxy: 'a.example,b.example' });
  const withheld = credentialsIn(host);
  expect(withheld).toEqual([
    'apt source (mirror.example)', 'Acquire::http::Proxy (proxy.example:3128)', 'pip index-url (pypi.example)', 'pip extra-index-url (two.example)',
    'npm registry (npm.example)', 'https_proxy (proxy.example:3128)', 'HTTP_PROXY (proxy.example:3128)',
  ]);
  expect(withheld.join()).not.toMatch(/s3|ann/);
  expect(credentialsIn(clean)).toEqual([]);
  expect(stripCredentials('mirror+https://ann:s3cret@m.example/list.txt')).toBe('mirror+https://m.example/list.txt');
});

test('On a host without any, the guest\'s programs keep their defaults', () => {
  const files = settingsFiles(plain);
  expect(files['etc/pip.conf']).not.toContain('cert');
  expect(files['usr/local/etc/npmrc']).not.toContain('registry');
  expect(files['etc/environment']).toBe('LANG="C.UTF-8"\n');
});

test('The recipe in the repository is valid', async () => {
  const recipe = await readRecipe(DEFAULT_RECIPE_FILE);
  expect(recipe.suite).toBe('trixie');
  expect(new Set(recipe.packages).size).toBe(recipe.packages.length);
});

test('A mistake in a recipe is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'recipe-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'recipe.yaml');
  writeFileSync(file, 'formatVersion: 1\nsuite: trixie\ndiskGiB: 10\npackages: ["--evil"]\n');
  await expect(readRecipe(file)).rejects.toMatchObject({ code: 'config_invalid', message: expect.stringContaining('packages.0') as string });
});
