// Finds the API's address and the key to call it with: process settings first, then the configuration file and the key file.
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { SomnusError } from '../../../common/errors.ts';
import type { ProcessSettings } from '../../../common/process-settings.ts';
import { readPlainYaml } from './plain-yaml.ts';

/** The address when there is no configuration file. A test compares it with the configuration's defaults, which are slow to load. */
const defaultHost = '127.0.0.1';
const defaultPort = 7777;

/** @throws SomnusError `config_invalid` when the configuration file is invalid, `invalid_request` when SOMNUS_API is not a URL */
export async function apiUrl(settings: ProcessSettings): Promise<string> {
  if (settings.apiUrl !== undefined) {
    const url = URL.parse(settings.apiUrl);
    if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url.origin;
    throw new SomnusError('invalid_request', `SOMNUS_API is not a URL: ${settings.apiUrl}`, { hint: `Set it to something like http://${defaultHost}:${defaultPort}, or unset it.` });
  }
  if (!existsSync(settings.configFile)) return `http://${defaultHost}:${defaultPort}`;
  const { host, port } = await configured(settings.configFile);
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Reads only four keys of the configuration, since its schema takes 0.1 s to load. The schema reports the error when they are unusable. */
async function configured(file: string): Promise<{ host: string; port: number; keyFile?: string | undefined; deadlineScale: number }> {
  try {
    const text = readFileSync(file, 'utf8');
    const found = (readPlainYaml(text) ?? (await import('yaml')).parse(text)) as { api?: { host?: unknown; port?: unknown; keyFile?: unknown } | null; deadlineScale?: unknown } | null;
    const { host = defaultHost, port = defaultPort, keyFile } = found?.api ?? {};
    const deadlineScale = found?.deadlineScale ?? 1;
    if (typeof host === 'string' && typeof port === 'number' && typeof deadlineScale === 'number') return { host, port, keyFile: typeof keyFile === 'string' ? keyFile : undefined, deadlineScale };
  } catch {
    // The full schema reports the error below.
  }
  const { loadConfig } = await import('../../../common/config.ts');
  const { api, deadlineScale } = loadConfig(file);
  return { ...api, deadlineScale };
}

/** The factor by which this host's configuration stretches deadlines; 1 for the API of another host. @throws SomnusError `config_invalid` */
export async function deadlineScale({ apiUrl: otherApi, configFile }: ProcessSettings): Promise<number> {
  return otherApi !== undefined || !existsSync(configFile) ? 1 : (await configured(configFile)).deadlineScale;
}

export interface ApiKeySource {
  key: string | undefined;
  /** What to do when the API rejects the key. Never contains the key. */
  advice: string;
}

/** @throws SomnusError `config_invalid` when the configuration file is invalid */
export async function apiKey(settings: ProcessSettings): Promise<ApiKeySource> {
  if (settings.apiKey !== undefined) return { key: settings.apiKey, advice: 'The key in SOMNUS_KEY was not accepted; make a new one with `somnus key create`, or unset it.' };
  const keyFile = await keyFileFor(settings);
  try {
    const key = readFileSync(keyFile, 'utf8').trim();
    if (key !== '') return { key, advice: `The key in ${keyFile} was not accepted.` };
    return { key: undefined, advice: `Set SOMNUS_KEY: ${keyFile} is empty.` };
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : `cannot be read: ${(cause as Error).message}`;
    return { key: undefined, advice: `Set SOMNUS_KEY: ${keyFile} ${reason}.` };
  }
}

/** The caller's own key file, or the one that set-up wrote for the user who called it through sudo; root can read both. */
async function keyFileFor({ keyFile, configFile, apiUrl: otherApi }: ProcessSettings): Promise<string> {
  if (otherApi !== undefined || existsSync(keyFile) || !existsSync(configFile)) return keyFile;
  const { keyFile: setUp } = await configured(configFile);
  return setUp !== undefined && isReadable(setUp) ? setUp : keyFile;
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
