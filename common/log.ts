// Structured logs: stable event names, ids as fields, one line per outcome. Secrets are redacted here.
import { pino, type Logger } from 'pino';
import { LogFile } from './log-file.ts';

export type { Logger } from 'pino';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const secretFields = ['key', 'token', 'secret', 'password', 'privateKey', 'authorization', 'cookie'];

/** Returns a logger that writes JSON lines to `destination` (a file path) or standard error. */
export function createLogger(options: { level: LogLevel; destination?: string | undefined }): Logger {
  const paths = secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`, `headers.${field}`]);
  const target = options.destination === undefined ? pino.destination({ dest: 2, sync: true }) : new LogFile(options.destination);
  return pino({ level: options.level, base: null, redact: { paths, censor: '[redacted]' }, timestamp: pino.stdTimeFunctions.isoTime }, target);
}
