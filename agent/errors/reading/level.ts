// Finds the severity that a line states about itself, in the notations of common loggers.

export type Level = 'debug' | 'info' | 'warning' | 'error' | 'fatal';

const names: Readonly<Record<string, Level>> = {
  trace: 'debug', debug: 'debug', verbose: 'debug', fine: 'debug', finer: 'debug', d: 'debug',
  info: 'info', information: 'info', informational: 'info', notice: 'info', log: 'info', note: 'info', i: 'info', success: 'info', hint: 'info',
  warn: 'warning', warning: 'warning', w: 'warning',
  error: 'error', err: 'error', severe: 'error', e: 'error',
  crit: 'fatal', critical: 'fatal', alert: 'fatal', fatal: 'fatal', panic: 'fatal', emerg: 'fatal', emergency: 'fatal', f: 'fatal', c: 'fatal',
};

/** The level behind a word or number of a structured log: names, and the numbers of pino and bunyan (10 to 60). */
export function levelOf(value: unknown): Level | undefined {
  if (typeof value === 'string') return names[value.trim().toLowerCase()];
  if (typeof value !== 'number') return undefined;
  return value >= 60 ? 'fatal' : value >= 50 ? 'error' : value >= 40 ? 'warning' : value >= 30 ? 'info' : value >= 10 ? 'debug' : undefined;
}

/** In capitals or between brackets, as loggers write it; a lower-case word only where it stands alone before a colon. */
const notations: readonly RegExp[] = [
  /^(?:[IWEF])(?=\d{4} \d\d:\d\d:\d\d)/, // klog and glog
  /^(?:\S+ ){0,3}?([IWEF]) (?:tensorflow|external)\//, // TensorFlow
  /^(?:\S+ )?([DIWEF]) +[A-Z]{4,} +\[/, // MongoDB before 4.4
  /\b(TRACE|DEBUG|VERBOSE|INFO|NOTICE|LOG|WARN|WARNING|ERROR|ERR|SEVERE|CRIT|CRITICAL|ALERT|FATAL|PANIC|EMERG|EMERGENCY)\b/,
  /[[<|(](trace|debug|info|notice|warn|warning|error|err|crit|critical|alert|fatal|emerg|Info|Note|Notice|Warning|Error)[\]>|)]/,
  /(?:^|[\s:])(debug1?|info|notice|warn|warning):\s/,
  /\[[a-z_]+:(trace\d?|debug|info|notice|warn|error|crit|alert|emerg)\]/, // Apache
];

/** How far into a line a level is looked for: time, host, program and thread come before it. */
const HEAD = 110;

/** The level that the head of a line names. */
export function levelInHead(line: string): Level | undefined {
  const head = line.length > HEAD ? line.slice(0, HEAD) : line;
  for (const notation of notations) {
    const found = notation.exec(head);
    if (found === null) continue;
    return names[(found[1] ?? found[0]).toLowerCase().replace(/\d$/, '')];
  }
  return undefined;
}
