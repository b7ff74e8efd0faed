// Fills the placeholders of a fix from evidence, after validation. Each becomes one argument of a command, so text from a log can never become a command.
import type { Fix, Placeholder } from './fix.ts';

/** What a placeholder may contain. Nothing that a shell or an option parser would read: no spaces, no leading dash, no path that climbs. */
const values = {
  unit: /^[A-Za-z0-9][\w@.:-]{0,120}\.(?:service|timer|socket|mount)$/,
  module: /^[A-Za-z_]\w{0,60}$/,
  distribution: /^[A-Za-z0-9][\w.-]{0,60}$/,
  program: /^[a-z0-9][a-z0-9+.-]{1,60}$/,
  package: /^[A-Za-z0-9][\w.+-]{0,100}$/,
  path: /^\/(?!.*(?:^|\/)\.\.(?:\/|$))[\w@%+=:,./-]{1,400}$/,
  executable: /^\/(?!.*(?:^|\/)\.\.(?:\/|$))[\w@%+=:,./-]{1,400}$/,
  host: /^(?!-)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*$/,
  port: /^(?!0)\d{1,5}$/,
  debianServer: /^(?:deb|ftp\.[a-z]{2})\.debian\.org$/,
} as const satisfies Record<Placeholder, RegExp>;

export type Found = Partial<Record<Placeholder, string>>;

/** Returns the fix with its placeholders filled, or undefined when a value is missing or is not of its kind. */
export function fill(fix: Fix, found: Found): Fix | undefined {
  const valid = new Map<string, string>(Object.entries(found).filter(([name, value]) => values[name as Placeholder].test(value)));
  let complete = true;
  const replace = (text: string): string => text.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = valid.get(name);
    if (value === undefined) complete = false;
    return value ?? '';
  });
  const filled: Fix = { ...fix, what: replace(fix.what), why: replace(fix.why) };
  for (const key of ['command', 'precheck', 'verify', 'undo', 'probeArguments'] as const) if (fix[key] !== undefined) filled[key] = fix[key].map(replace);
  return complete ? filled : undefined;
}
