// The settings that come from the process environment; all others are in the configuration file. This is the only reader of process.env. It imports
// nothing heavy, because the CLI needs it first.
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The path where set-up writes the configuration. */
export const standardConfigFile = '/etc/somnus/somnus.yaml';

export interface ProcessSettings {
  configFile: string;
  /** URL of the API, from SOMNUS_API. */
  apiUrl: string | undefined;
  /** The API key, from SOMNUS_KEY. */
  apiKey: string | undefined;
  /** The file where set-up writes this user's key and the CLI looks for it. */
  keyFile: string;
  /** The terminal type for programs that run in a guest. */
  terminal: string;
  /** A fault that a test injects into one step of an operation; see orchestrator/operations/fault-points.ts. */
  fault: string | undefined;
}

export function processSettings(env: NodeJS.ProcessEnv = process.env): ProcessSettings {
  const configHome = env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config');
  return {
    configFile: env['SOMNUS_CONFIG'] || standardConfigFile,
    apiUrl: env['SOMNUS_API'] || undefined,
    apiKey: env['SOMNUS_KEY'] || undefined,
    keyFile: env['SOMNUS_KEY_FILE'] || join(configHome, 'somnus', 'key'),
    terminal: env['TERM'] || 'xterm-256color',
    fault: env['SOMNUS_FAULT'] || undefined,
  };
}
