// Finds the hosts from which this host's apt, npm and pip get packages. No host is hard-coded: defaults come from the tools themselves.
import { readdir, readFile } from 'node:fs/promises';
import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { dirname, join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { z } from 'zod';
import { runCommand } from '../../common/run-command.ts';
import { SomnusError } from '../../common/errors.ts';
import { urisOfDeb822, urisOfSourcesList, urlOfAptUri } from './apt-sources.ts';
import { packageHostOfUrl } from './package-hosts.ts';

export interface DiscoveredHosts {
  /** Entries for parsePackageHost, sorted. */
  hosts: string[];
  /** Tools whose sources could not be found or queried; their part of the list may be incomplete. */
  missing: { tool: 'apt' | 'npm' | 'pip'; reason: string }[];
}

/** Small packages whose pages show which hosts serve files, since these often differ from the index. */
const probePackages = { npm: 'once', pip: 'six' };
const maxPageBytes = 4 * 1024 * 1024;

/** Reads the settings and queries each index once. Takes about a second. Repeatable. */
export async function discoverPackageHosts(signal?: AbortSignal): Promise<DiscoveredHosts> {
  const missing: DiscoveredHosts['missing'] = [];
  const found = async (tool: 'apt' | 'npm' | 'pip', urls: () => Promise<string[]>): Promise<string[]> => {
    try {
      return await urls();
    } catch (error) {
      // Network error messages contain host names, which do not belong in the log.
      missing.push({ tool, reason: error instanceof SomnusError ? error.message : (error as NodeJS.ErrnoException).code ?? (error as Error).name });
      return [];
    }
  };
  const indexes = await Promise.all([found('apt', aptUrls), found('npm', () => npmRegistries(signal)), found('pip', () => pipIndexes(signal))]);
  const [, npm, pip] = indexes;
  const files = await Promise.all([
    ...npm.slice(0, 1).map((url) => found('npm', () => linkedUrls(new URL(probePackages.npm, withSlash(url)), signal))),
    ...pip.map((url) => found('pip', () => linkedUrls(new URL(`${probePackages.pip}/`, withSlash(url)), signal))),
  ]);
  const hosts = [...indexes.flat(), ...files.flat()].map(packageHostOfUrl).filter((host) => host !== undefined);
  return { hosts: [...new Set(hosts)].toSorted(), missing };
}

async function aptUrls(): Promise<string[]> {
  const folder = '/etc/apt/sources.list.d';
  const parts = await readdir(folder).catch(() => []);
  const texts = await Promise.all(['/etc/apt/sources.list', ...parts.map((name) => join(folder, name))].map(async (path) => ({ path, text: await readFile(path, 'utf8').catch(() => '') })));
  const uris = texts.flatMap(({ path, text }) => {
    if (path.endsWith('.list')) return urisOfSourcesList(text);
    return path.endsWith('.sources') ? urisOfDeb822(text) : [];
  });
  if (uris.length === 0) throw new SomnusError('not_found', 'apt has no sources');
  return uris.map(urlOfAptUri);
}

/** Returns the registry, npm's default if none is configured, then those of scopes. */
async function npmRegistries(signal?: AbortSignal): Promise<string[]> {
  // Uses the npm of this Node, outside any project folder, and leaves no cache or log in the home folder.
  const npm = join(dirname(process.execPath), 'npm');
  const { stdout } = await runCommand(process.execPath, [npm, 'config', 'list', '--json', '--logs-max=0', '--cache=/dev/null'], { cwd: '/', timeoutMs: 20_000, signal });
  const settings = z.record(z.string(), z.unknown()).parse(JSON.parse(stdout));
  const scopes = Object.keys(settings).filter((key) => /^@.*:registry$/.test(key));
  return ['registry', ...scopes].map((key) => String(settings[key]));
}

// pip shows its settings but not its default index; Debian keeps pip's code in this wheel.
const pipScript = `
import glob, json, sys
sys.path += glob.glob('/usr/share/python-wheels/pip-*.whl')
from pip._internal.configuration import Configuration
from pip._internal.models.index import PyPI
settings = Configuration(isolated=False)
settings.load()
print(json.dumps({'default': PyPI.simple_url, 'settings': {key: str(value) for key, value in settings.items()}}))
`;
const PipSettings = z.object({ default: z.string(), settings: z.record(z.string(), z.string()) });

async function pipIndexes(signal?: AbortSignal): Promise<string[]> {
  const { stdout } = await runCommand('python3', ['-c', pipScript], { cwd: '/', timeoutMs: 20_000, signal });
  return pipIndexesOf(PipSettings.parse(JSON.parse(stdout)));
}

/** Returns the indexes that pip uses: keys are `section.name`, such as `global.index-url` or `:env:.extra-index-url`. */
export function pipIndexesOf(pip: z.infer<typeof PipSettings>): string[] {
  const values = (name: string): string[] => Object.entries(pip.settings).filter(([key]) => key.endsWith(`.${name}`)).flatMap(([, value]) => value.split(/\s+/)).filter((value) => value !== '');
  const configured = values('index-url');
  return [...(configured.length > 0 ? configured : [pip.default]), ...values('extra-index-url'), ...values('find-links').filter((url) => /^https?:/.test(url))];
}

/** Returns the URLs that a page of an index refers to: where it was redirected to and where its files are. */
async function linkedUrls(url: URL, signal?: AbortSignal): Promise<string[]> {
  const page = await fetchPage(url, 3, AbortSignal.any([AbortSignal.timeout(10_000), ...(signal ? [signal] : [])]));
  const links = page.text.matchAll(/(?:href=|"url":|"tarball":)\s*"(https?:\/\/[^"]+)"/g);
  return [page.url, ...[...links].map(([, link]) => link ?? '')];
}

async function fetchPage(url: URL, redirects: number, signal: AbortSignal): Promise<{ url: string; text: string }> {
  const headers = { accept: 'application/vnd.pypi.simple.v1+json, application/vnd.npm.install-v1+json;q=0.9, */*;q=0.5' };
  const { promise, resolve, reject } = Promise.withResolvers<{ url: string; text: string } | URL>();
  const request = url.protocol === 'https:'
    // The system trusts a company's own CA; Node does not.
    ? httpsGet(url, { headers, signal, ca: [...getCACertificates('default'), ...getCACertificates('system')] })
    : httpGet(url, { headers, signal });
  request.on('error', reject);
  request.on('response', (response) => {
    const { statusCode = 0, headers: { location } } = response;
    if (statusCode >= 300 && statusCode < 400 && location !== undefined && redirects > 0) {
      response.resume();
      resolve(new URL(location, url));
      return;
    }
    if (statusCode !== 200) {
      response.resume();
      reject(new SomnusError('unavailable', `a package index answered ${statusCode}`));
      return;
    }
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => { if (text.length < maxPageBytes) text += part; });
    response.on('end', () => resolve({ url: url.href, text }));
    response.on('error', reject);
  });
  const answer = await promise;
  return answer instanceof URL ? await fetchPage(answer, redirects - 1, signal) : answer;
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
