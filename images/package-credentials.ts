// Finds which of the host's package sources need a credential, and the address through which guests reach these instead: the control plane's package
// gateway (supervisor/network/package-gateway.ts), which adds the credential. Pure; host-settings.ts reads the files.
import { createHash } from 'node:crypto';
import type { AptSource } from './apt-sources.ts';

/** The gateway's name in guests; only the control plane's own name server resolves it. */
export const PACKAGE_GATEWAY_HOST = 'packages.somnus.internal';

export interface PackageSource {
  /** First component of its paths at the gateway. */
  id: string;
  /** The folder that contains the whole source: a URL without credentials that ends with a slash. */
  base: string;
  /** Value of the Authorization header. */
  authorization: string;
}

/** The host's settings, including credentials. */
export interface CredentialSettings {
  aptSources: readonly AptSource[];
  /** Content of auth.conf files, see apt_auth.conf(5). */
  aptAuth: string;
  pip: Readonly<Record<string, string>>;
  /** Lines that name registries. */
  npm: readonly string[];
  /** Lines such as `//registry.example/:_authToken=…`. */
  npmAuth: readonly string[];
}

export function packageSources(settings: CredentialSettings): PackageSource[] {
  const found = [
    ...settings.aptSources.flatMap(({ uri }) => sourceOf('apt', uri, inUrl(uri) ?? inAptAuth(uri, settings.aptAuth))),
    ...[settings.pip['index-url'], settings.pip['extra-index-url']].flatMap((value) => (value ?? '').split(/\s+/)).flatMap((url) => sourceOf('pip', url, inUrl(url))),
    ...settings.npm.map((line) => line.slice(line.indexOf('=') + 1)).flatMap((url) => sourceOf('npm', url, inUrl(url) ?? inNpmAuth(url, settings.npmAuth))),
  ];
  return [...new Map(found.map((source) => [source.id, source])).values()];
}

/** Maps a URL without credentials to the one a guest uses: at the gateway if it needs a credential, otherwise unchanged. */
export function guestUrl(url: string, sources: readonly PackageSource[]): string {
  if (!URL.canParse(url)) return url;
  const whole = withSlash(new URL(url).href);
  const source = sources.find(({ base }) => whole.startsWith(base));
  if (source === undefined) return url;
  const mapped = `${gatewayBase(source)}${whole.slice(source.base.length)}`;
  return url.endsWith('/') ? mapped : mapped.slice(0, -1);
}

export function gatewayBase({ id }: Pick<PackageSource, 'id'>): string {
  return `http://${PACKAGE_GATEWAY_HOST}/${id}/`;
}

function sourceOf(tool: 'apt' | 'pip' | 'npm', url: string, authorization: string | undefined): PackageSource[] {
  if (authorization === undefined || !URL.canParse(url)) return [];
  const { protocol, origin, pathname } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return [];
  // A pip index links to files in a sibling folder: `…/simple/` links to `…/packages/`.
  const folder = tool === 'pip' ? withSlash(pathname).replace(/\/\+?simple\/$/, '/') : withSlash(pathname);
  const base = `${origin}${folder}`;
  return [{ id: `${tool}-${createHash('sha256').update(base).digest('hex').slice(0, 8)}`, base, authorization }];
}

function inUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { username, password } = new URL(url);
  return username === '' && password === '' ? undefined : basic(decodeURIComponent(username), decodeURIComponent(password));
}

/** Finds the entry for a URI. As in apt, an entry without a scheme is for https only. */
function inAptAuth(uri: string, aptAuth: string): string | undefined {
  if (!URL.canParse(uri)) return undefined;
  const { protocol, host, pathname } = new URL(uri);
  for (const [, machine = '', entry = ''] of aptAuth.matchAll(/^\s*machine\s+(\S+)((?:\s+(?:login|password|account)\s+\S+)+)/gm)) {
    const [, scheme = 'https://', authority = '', path = ''] = /^(https?:\/\/)?([^/]+)(\/.*)?$/.exec(machine) ?? [];
    const word = (name: string): string => new RegExp(`\\s${name}\\s+(\\S+)`).exec(entry)?.[1] ?? '';
    if (scheme === `${protocol}//` && authority === host && withSlash(pathname).startsWith(path)) return basic(word('login'), word('password'));
  }
  return undefined;
}

/** Finds the entry of the registry's own path, otherwise of its parent folders, as npm does. */
function inNpmAuth(url: string, npmAuth: readonly string[]): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const settings = new Map(npmAuth.map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim().replace(/^"(.*)"$/, '$1')]));
  const { host, pathname } = new URL(url);
  for (let path = withSlash(pathname); path !== ''; path = path.replace(/[^/]*\/$/, '')) {
    const setting = (name: string): string | undefined => settings.get(`//${host}${path}:${name}`);
    const [token, auth, user, password] = ['_authToken', '_auth', 'username', '_password'].map(setting);
    if (token !== undefined) return `Bearer ${token}`;
    if (auth !== undefined) return `Basic ${auth}`;
    if (user !== undefined && password !== undefined) return basic(user, Buffer.from(password, 'base64').toString());
  }
  return undefined;
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}
