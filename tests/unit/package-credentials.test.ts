// Which of a host's package sources need a credential, and what guests get instead.
import { expect, test } from 'vitest';
import { guestSources, oneLine } from '../../images/apt-sources.ts';
import { settingsFiles } from '../../images/guest-root.ts';
import { withoutCredentials, type HostSettings } from '../../images/host-settings.ts';
import { packageSources, type CredentialSettings, type PackageSource } from '../../images/package-credentials.ts';

const none: CredentialSettings = { aptSources: [], aptAuth: '', pip: {}, npm: [], npmAuth: [] };
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
const found = (settings: Partial<CredentialSettings>): string[] => packageSources({ ...none, ...settings }).map(({ base, authorization }) => `${base} ${authorization}`);
const apt = (uri: string) => ({ uri, suite: 'trixie', components: ['main'] });

test('Credentials are found where apt, pip and npm look for them, and belong to the folder of the source', () => {
  expect(found({ aptSources: [apt('https://ann:p%40ss@mirror.example/debian'), apt('http://open.example/debian')] })).toEqual([`https://mirror.example/debian/ ${basic('ann:p@ss')}`]);
  expect(found({ pip: { 'index-url': 'https://ann:pass@pypi.example/root/simple/', 'extra-index-url': 'https://open.example/simple https://token@two.example/+simple' } })).toEqual([
    `https://pypi.example/root/ ${basic('ann:pass')}`, `https://two.example/ ${basic('token:')}`,
  ]);
  const npmAuth = ['//npm.example/:_authToken=top', '//npm.example/team/:_authToken = "team"', '//old.example/:username=ann', `//old.example/:_password=${Buffer.from('pass').toString('base64')}`, '//auth.example/:_auth=YQ=='];
  expect(found({ npm: ['registry=https://npm.example/', '@team:registry=https://npm.example/team/x', '@old:registry=https://old.example', '@auth:registry=https://auth.example/', '@open:registry=https://open.example/'], npmAuth })).toEqual([
    'https://npm.example/ Bearer top', 'https://npm.example/team/x/ Bearer team', `https://old.example/ ${basic('ann:pass')}`, 'https://auth.example/ Basic YQ==',
  ]);
});

test('An entry in apt\'s auth.conf applies only to its scheme, host and folder', () => {
  const aptAuth = 'machine mirror.example/debian login ann password pass\nmachine http://plain.example\n  login bob\n  password word\n';
  expect(found({ aptAuth, aptSources: [apt('https://mirror.example/debian-security'), apt('https://mirror.example/other'), apt('http://mirror.example/debian'), apt('http://plain.example/debian'), apt('https://plain.example/debian')] })).toEqual([
    `https://mirror.example/debian-security/ ${basic('ann:pass')}`, `http://plain.example/debian/ ${basic('bob:word')}`,
  ]);
});

test('A guest\'s settings name the gateway only where a source needs a credential; neither they nor the ids contain credentials', () => {
  const host: HostSettings & CredentialSettings = {
    ...none, caCertificates: [], aptOptions: ['Acquire::http::Proxy "http://proxy.example:3128/";'], proxies: { http_proxy: 'http://proxy.example:3128', no_proxy: 'a.example' },
    aptSources: [apt('https://ann:s3cret@mirror.example/debian'), { ...apt('https://ann:s3cret@mirror.example/debian'), suite: 'trixie-updates' }],
    pip: { 'index-url': 'https://ann:s3cret@pypi.example/root/simple', 'extra-index-url': 'https://open.example/simple', 'trusted-host': 'open.example' },
    npm: ['registry=https://npm.example/', '@open:registry=https://open.example/'], npmAuth: ['//npm.example/:_authToken=s3cret'],
  };
  const sources = packageSources(host);
  const id = (tool: string): string => sources.find((source: PackageSource) => source.id.startsWith(tool))?.id ?? '';
  const clean = withoutCredentials(host, sources);
  expect(guestSources(clean.aptSources, 'trixie').map(oneLine)).toEqual([`deb http://packages.somnus.internal/${id('apt')} trixie main`, `deb http://packages.somnus.internal/${id('apt')} trixie-updates main`]);
  expect(clean.pip).toEqual({ 'index-url': `http://packages.somnus.internal/${id('pip')}/simple`, 'extra-index-url': 'https://open.example/simple', 'trusted-host': 'open.example packages.somnus.internal' });
  expect(clean.npm).toEqual([`registry=http://packages.somnus.internal/${id('npm')}/`, '@open:registry=https://open.example/']);
  expect(clean.aptOptions).toContain('Acquire::http::Proxy::packages.somnus.internal "DIRECT";');
  expect(clean.proxies).toEqual({ http_proxy: 'http://proxy.example:3128', no_proxy: 'a.example,packages.somnus.internal', NO_PROXY: 'packages.somnus.internal' });
  expect(JSON.stringify([clean, settingsFiles(clean), sources.map((source) => source.id)])).not.toMatch(/s3cret|ann/);

  const open = { ...host, aptSources: [], pip: {}, npm: [], npmAuth: [] };
  expect(JSON.stringify(withoutCredentials(open, packageSources(open)))).not.toContain('somnus');
});
