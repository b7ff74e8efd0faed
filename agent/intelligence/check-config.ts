// Reads the agent's configuration and validates it by hand, because the agent does not load zod (see constants.ts); a test compares these checks with the schema.
import { readFileSync } from 'node:fs';
import { SomnusError } from '../../common/errors.ts';
import type { AgentConfig } from '../contract/agent-config.ts';

export const defaultConfig: AgentConfig = { journal: true, files: ['/var/log/*.log', '/var/log/*/*.log'], units: [], patterns: [], fixes: 'suggest', engine: 'rules' };

/** Returns the defaults when there is no file. @throws SomnusError `config_invalid` naming the file or the setting */
export function readConfig(path: string): AgentConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return defaultConfig;
    throw new SomnusError('config_invalid', `${path} cannot be read`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SomnusError('config_invalid', `${path} is not JSON`, { cause });
  }
  return checkConfig(value);
}

/** Fills in defaults for missing settings. @throws SomnusError `config_invalid` naming the setting */
export function checkConfig(value: unknown): AgentConfig {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SomnusError('config_invalid', 'The configuration is not a JSON object');
  const given: Record<string, unknown> = { ...defaultConfig, ...value };
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(defaultConfig, key));
  if (unknown !== undefined) throw new SomnusError('config_invalid', `${unknown} is not a known setting`, { hint: `Settings: ${Object.keys(defaultConfig).join(', ')}.` });
  const { journal, files, units, patterns, fixes, engine } = given;
  if (typeof journal !== 'boolean') throw invalid('journal', 'true or false');
  if (!Array.isArray(files) || files.length > 64 || !files.every(isPattern)) throw invalid('files', 'at most 64 absolute paths of at most 400 characters');
  if (!Array.isArray(units) || units.length > 32 || !units.every(isUnit)) throw invalid('units', 'at most 32 names such as web.service');
  if (!Array.isArray(patterns) || patterns.length > 32 || !patterns.every(isText)) throw invalid('patterns', 'at most 32 texts of 3 to 200 characters');
  if (fixes !== 'off' && fixes !== 'suggest' && fixes !== 'act') throw invalid('fixes', 'off, suggest or act');
  if (engine !== 'rules' && engine !== 'embedding') throw invalid('engine', 'rules or embedding');
  return { journal, files, units, patterns, fixes, engine };
}

function isPattern(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('/') && value.length <= 400;
}

function isUnit(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9][\w@.:-]{0,120}\.service$/.test(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 3 && value.length <= 200;
}

function invalid(name: string, expected: string): SomnusError {
  return new SomnusError('config_invalid', `${name} must be ${expected}`);
}
