// Collects the host's settings that make apt, npm and pip work in the guest as they do on the host: mirrors, registries, proxies and extra CA
// certificates. Never a credential: user names and passwords in addresses are removed. Guests reach sources that need one through the control plane's
// package gateway, which uses `hostPackageSources`. Proxy credentials are removed, and listed by `withheldCredentials`. Credentials needed to build
// the image on the host are in `buildAccess`, which never becomes part of it.
import { globSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { packageEnvironment } from '../common/config.ts';
import { runCommand } from '../common/run-command.ts';
import { parseDeb822Sources, parseOneLineSources, type AptSource } from './apt-sources.ts';
import { guestUrl, packageSources, PACKAGE_GATEWAY_HOST, type CredentialSettings, type PackageSource } from './package-credentials.ts';

export interface HostSettings {
  aptSources: AptSource[];
  /** Lines for an apt configuration file. */
  aptOptions: string[];
  caCertificates: { name: string; content: string }[];
  /** Settings of pip's [global] section. */
  pip: Record<string, string>;
  /** Lines for an npmrc file. */
  npm: string[];
  /** The host's proxy variables that also apply in a guest. */
  proxies: Record<string, string>;
}

export interface BuildAccess { aptSources: AptSource[]; aptAuth: string; aptOptions: string[] }

type RawSettings = HostSettings & CredentialSettings;

const APT_OPTIONS = /^Acquire::(?:https?::Proxy\b|Check-Valid-Until\b|Check-Date\b)/;
const PIP_SETTINGS = ['index-url', 'extra-index-url', 'trusted-host'] as const;
const NPM_SETTINGS = /^(?:registry|@[^:\s]+:registry)\s*=/;
const NPM_AUTH = /^\/\/[^=]+:(?:_authToken|_auth|username|_password)\s*=/;

/** Reads the host's settings, without credentials; `nodePrefix` is the prefix of the Node whose npm settings are read. */
export async function readHostSettings(nodePrefix: string): Promise<HostSettings> {
  const raw = await readRawSettings(nodePrefix);
  return withoutCredentials(raw, packageSources(raw));
}

/** Returns the sources for which the host has credentials, including these; only for the package gateway. */
export async function hostPackageSources(nodePrefix: string): Promise<PackageSource[]> {
  return packageSources(await readRawSettings(nodePrefix));
}

/** Returns the settings that lost a credential, such as `https_proxy (proxy.example:3128)`: guests use these without it. */
export async function withheldCredentials(nodePrefix: string): Promise<string[]> {
  return credentialsIn({ ...await readRawSettings(nodePrefix), aptSources: [], pip: {}, npm: [] });
}

/**
 * Returns what apt needs on this host, and only here, to reach its sources: passwords in the format of apt_auth.conf(5), and options including a
 * proxy's password.
 */
export async function buildAccess(nodePrefix: string): Promise<BuildAccess> {
  const { aptSources, aptOptions } = await readRawSettings(nodePrefix);
  const inAddresses = aptSources.flatMap(({ uri }) => authLine(uri));
  return { aptSources: aptSources.map((source) => ({ ...source, uri: stripCredentials(source.uri) })), aptAuth: [...inAddresses, ...aptAuthFiles()].join('\n'), aptOptions };
}

function authLine(uri: string): string[] {
  if (!URL.canParse(uri)) return [];
  const { protocol, username, password, host, pathname } = new URL(uri);
  return username === '' ? [] : [`machine ${protocol}//${host}${pathname} login ${decodeURIComponent(username)} password ${decodeURIComponent(password)}`];
}

/** A URL at the start of a word or in quotes, up to its end. */
const URL_IN_TEXT = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"';]+/gi;

/** Removes user, password and query from each URL in a text. Pure. */
export function stripCredentials(text: string): string {
  return text.replace(URL_IN_TEXT, (url) => {
    const [, scheme = '', authority = '', rest = ''] = /^([^:]+:\/\/)([^/?#]*)([^?#]*)/.exec(url) ?? [];
    return `${scheme}${authority.slice(authority.lastIndexOf('@') + 1)}${rest}`;
  });
}

/** Returns the settings for a guest: without credentials, and with the package gateway's address in place of each of `sources`. Pure. */
export function withoutCredentials(settings: HostSettings, sources: readonly PackageSource[] = []): HostSettings {
  const forGuest = (text: string): string => stripCredentials(text).replace(URL_IN_TEXT, (url) => guestUrl(url, sources));
  const { aptOptions, proxies, pip } = settings;
  const uses = sources.length > 0;
  // Guests reach the gateway directly, not through a proxy.
  const aptProxied = uses && aptOptions.some((line) => line.startsWith('Acquire::http::Proxy'));
  const proxied = uses && Object.keys(proxies).some((name) => /^https?_proxy$/i.test(name));
  return {
    aptSources: settings.aptSources.map((source) => ({ ...source, uri: forGuest(source.uri) })),
    aptOptions: [...aptOptions.map(stripCredentials), ...(aptProxied ? [`Acquire::http::Proxy::${PACKAGE_GATEWAY_HOST} "DIRECT";`] : [])],
    caCertificates: settings.caCertificates,
    pip: {
      ...Object.fromEntries(Object.entries(pip).map(([name, value]) => [name, forGuest(value)])),
      ...(sources.some(({ id }) => id.startsWith('pip-')) ? { 'trusted-host': [pip['trusted-host'], PACKAGE_GATEWAY_HOST].filter((host) => host !== undefined).join(' ') } : {}),
    },
    npm: settings.npm.map(forGuest),
    proxies: {
      ...Object.fromEntries(Object.entries(proxies).map(([name, value]) => [name, stripProxy(value)])),
      ...(proxied ? Object.fromEntries(['no_proxy', 'NO_PROXY'].map((name) => [name, [proxies[name], PACKAGE_GATEWAY_HOST].filter((host) => host !== undefined).join(',')])) : {}),
    },
  };
}

/** Also handles a proxy without a scheme. */
function stripProxy(value: string): string {
  return value.includes('://') ? stripCredentials(value) : value.slice(value.lastIndexOf('@') + 1);
}

/** Lists the settings that contain credentials, with their hosts. Pure. */
export function credentialsIn(settings: HostSettings): string[] {
  const found = (name: string, value: string): string[] => [...value.matchAll(URL_IN_TEXT)].flatMap(([url]) => (stripCredentials(url) === url || !URL.canParse(url) ? [] : [`${name} (${new URL(url).host})`]));
  return [...new Set([
    ...settings.aptSources.flatMap(({ uri }) => found('apt source', uri)),
    ...settings.aptOptions.flatMap((line) => found(line.split(' ')[0] ?? '', line)),
    ...Object.entries(settings.pip).flatMap(([name, value]) => found(`pip ${name}`, value)),
    ...settings.npm.flatMap((line) => found(`npm ${line.split('=')[0] ?? ''}`, line)),
    ...Object.entries(settings.proxies).flatMap(([name, value]) => found(name, value.includes('://') ? value : `http://${value}`)),
  ])];
}

async function readRawSettings(nodePrefix: string): Promise<RawSettings> {
  const environment = packageEnvironment();
  const { stdout: aptConfiguration } = await runCommand('apt-config', ['dump']);
  const pipFiles = ['/etc/pip.conf', join(homedir(), '.pip/pip.conf'), join(homedir(), '.config/pip/pip.conf')];
  const npmFiles = read(join(nodePrefix, 'etc/npmrc'), '/etc/npmrc', join(homedir(), '.npmrc')).map(({ content }) => content);
  return {
    aptSources: [
      ...read('/etc/apt/sources.list', '/etc/apt/sources.list.d/*.list').flatMap(({ content }) => parseOneLineSources(content)),
      ...read('/etc/apt/sources.list.d/*.sources').flatMap(({ content }) => parseDeb822Sources(content)),
    ],
    aptOptions: aptConfiguration.split('\n').filter((line) => APT_OPTIONS.test(line) && !isLoopback(line)),
    caCertificates: read('/usr/local/share/ca-certificates/**/*.crt'),
    pip: pipSettings(read(...pipFiles).map(({ content }) => content), environment),
    npm: npmSettings(npmFiles, environment),
    npmAuth: npmFiles.flatMap((content) => content.split('\n')).filter((line) => NPM_AUTH.test(line)),
    aptAuth: aptAuthFiles().join('\n'),
    proxies: Object.fromEntries(Object.entries(environment).filter(([name, value]) => /proxy$/i.test(name) && !isLoopback(value))),
  };
}

/** Applies pip's precedence: later files override earlier ones, variables override files. */
export function pipSettings(files: readonly string[], environment: Readonly<Record<string, string>>): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const name of PIP_SETTINGS) {
    const line = new RegExp(`^\\s*${name}\\s*=\\s*(.+)$`, 'm');
    const value = environment[`PIP_${name.replaceAll('-', '_').toUpperCase()}`] ?? files.map((file) => line.exec(file)?.[1]?.trim()).findLast((found) => found !== undefined);
    if (value !== undefined && value !== '') settings[name] = value;
  }
  return settings;
}

/** Applies npm's precedence: later files override earlier ones, the variable overrides files. */
export function npmSettings(files: readonly string[], environment: Readonly<Record<string, string>>): string[] {
  const settings = new Map<string, string>();
  for (const line of files.flatMap((file) => file.split('\n')).filter((text) => NPM_SETTINGS.test(text))) {
    const separator = line.indexOf('=');
    settings.set(line.slice(0, separator).trim(), line.slice(separator + 1).trim());
  }
  const registry = environment['npm_config_registry'];
  if (registry !== undefined) settings.set('registry', registry);
  return [...settings].map(([name, value]) => `${name}=${value}`);
}

function aptAuthFiles(): string[] {
  return read('/etc/apt/auth.conf', '/etc/apt/auth.conf.d/*.conf').map(({ content }) => content);
}

function isLoopback(value: string): boolean {
  return /\b(?:localhost|127\.\d+\.\d+\.\d+)\b|\[::1\]/.test(value);
}

function read(...patterns: string[]): { name: string; content: string }[] {
  return patterns.flatMap((pattern) => globSync(pattern).toSorted()).map((path) => ({
    name: dirname(path) === '/usr/local/share/ca-certificates' ? basename(path) : path.replaceAll('/', '-').replace(/^-/, ''),
    content: readFileSync(path, 'utf8'),
  }));
}
