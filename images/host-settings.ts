// What the guest takes over from its host so that apt, npm and pip work in it as they do there: mirrors, registries, proxies and extra CA
// certificates. Values may hold passwords in addresses: they go into the image and never into a log. Tokens are not taken over.
import { globSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { packageEnvironment } from '../common/config.ts';
import { runCommand } from '../common/run-command.ts';
import { parseDeb822Sources, parseOneLineSources, type AptSource } from './apt-sources.ts';

export interface HostSettings {
  aptSources: AptSource[];
  /** Lines for an apt configuration file. */
  aptOptions: string[];
  caCertificates: { name: string; content: string }[];
  /** Settings of pip's [global] section. */
  pip: Record<string, string>;
  /** Lines for an npmrc file. */
  npm: string[];
  /** Proxy variables of the host that mean something in a guest. */
  proxies: Record<string, string>;
}

const APT_OPTIONS = /^Acquire::(?:https?::Proxy\b|Check-Valid-Until\b|Check-Date\b)/;
const PIP_SETTINGS = ['index-url', 'extra-index-url', 'trusted-host'] as const;
const NPM_SETTINGS = /^(?:registry|@[^:\s]+:registry)\s*=/;

/** Reads the host's settings; `nodePrefix` is where the Node lies whose npm is meant. */
export async function readHostSettings(nodePrefix: string): Promise<HostSettings> {
  const environment = packageEnvironment();
  const { stdout: aptConfiguration } = await runCommand('apt-config', ['dump']);
  const pipFiles = ['/etc/pip.conf', join(homedir(), '.pip/pip.conf'), join(homedir(), '.config/pip/pip.conf')];
  const npmFiles = [join(nodePrefix, 'etc/npmrc'), '/etc/npmrc', join(homedir(), '.npmrc')];
  return {
    aptSources: [
      ...read('/etc/apt/sources.list', '/etc/apt/sources.list.d/*.list').flatMap(({ content }) => parseOneLineSources(content)),
      ...read('/etc/apt/sources.list.d/*.sources').flatMap(({ content }) => parseDeb822Sources(content)),
    ],
    aptOptions: aptConfiguration.split('\n').filter((line) => APT_OPTIONS.test(line) && !isLoopback(line)),
    caCertificates: read('/usr/local/share/ca-certificates/**/*.crt'),
    pip: pipSettings(read(...pipFiles).map(({ content }) => content), environment),
    npm: npmSettings(read(...npmFiles).map(({ content }) => content), environment),
    proxies: Object.fromEntries(Object.entries(environment).filter(([name, value]) => /proxy$/i.test(name) && !isLoopback(value))),
  };
}

/** pip's own order: later files win over earlier ones, variables over files. */
export function pipSettings(files: readonly string[], environment: Readonly<Record<string, string>>): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const name of PIP_SETTINGS) {
    const line = new RegExp(`^\\s*${name}\\s*=\\s*(.+)$`, 'm');
    const value = environment[`PIP_${name.replaceAll('-', '_').toUpperCase()}`] ?? files.map((file) => line.exec(file)?.[1]?.trim()).findLast((found) => found !== undefined);
    if (value !== undefined && value !== '') settings[name] = value;
  }
  return settings;
}

/** npm's own order: later files win over earlier ones, the variable over files. */
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

function isLoopback(value: string): boolean {
  return /\b(?:localhost|127\.\d+\.\d+\.\d+)\b|\[::1\]/.test(value);
}

function read(...patterns: string[]): { name: string; content: string }[] {
  return patterns.flatMap((pattern) => globSync(pattern).toSorted()).map((path) => ({
    name: dirname(path) === '/usr/local/share/ca-certificates' ? basename(path) : path.replaceAll('/', '-').replace(/^-/, ''),
    content: readFileSync(path, 'utf8'),
  }));
}
