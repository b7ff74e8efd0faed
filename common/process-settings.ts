// What the process environment may say; the configuration file says the rest. The only reader of process.env:
// it imports nothing heavy, because the CLI needs it before anything else.
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where set-up puts the configuration. */
export const standardConfigFile = '/etc/somnus/somnus.yaml';

export interface ProcessSettings {
  configFile: string;
  /** Where the CLI finds the API, when SOMNUS_API says so. */
  apiUrl: string | undefined;
  /** The API key, when SOMNUS_KEY says so. */
  apiKey: string | undefined;
  /** Where set-up writes this user's key and the CLI looks for it. */
  keyFile: string;
  /** The kind of terminal, for programs that run in a guest. */
  terminal: string;
  /** A fault that a test injects into one step of an operation, see orchestrator/operations/fault-points.ts. */
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
