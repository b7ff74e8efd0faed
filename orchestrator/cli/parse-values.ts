// Turns what people type as values of options into what the API takes. Pure.
import { SomnusError } from '../../common/errors.ts';

const secondsPerUnit: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** `30`, `1.5s`, `2m`, `1h` in milliseconds. @throws invalid_request */
export function parseDuration(typed: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(typed);
  const ms = Math.round(Number(match?.[1]) * (secondsPerUnit[match?.[2] ?? ''] ?? Number.NaN) * 1000);
  if (!(ms > 0)) throw new SomnusError('invalid_request', `"${typed}" is not a time`, { hint: 'Give seconds, or a number with s, m, h or d: 30, 1.5s, 2m.' });
  return ms;
}

/** A whole number from `min` on. @throws invalid_request */
export function parseCount(typed: string, min = 0): number {
  const count = /^\d+$/.test(typed) ? Number(typed) : Number.NaN;
  if (!(count >= min)) throw new SomnusError('invalid_request', `"${typed}" is not a whole number from ${min} on`, { hint: 'Fix the value.' });
  return count;
}

const gibPerUnit: Readonly<Record<string, number>> = { '': 1, G: 1, T: 1024 };

/** `100`, `100G`, `2T`, or `+20G` on top of `currentGiB`; in whole GiB. @throws invalid_request */
export function parsePoolSize(typed: string, currentGiB: number): number {
  const match = /^(\+?)(\d+)([GT]?)(?:i?B)?$/i.exec(typed);
  const gib = Number(match?.[2]) * (gibPerUnit[(match?.[3] ?? '').toUpperCase()] ?? Number.NaN);
  if (!(gib > 0)) throw new SomnusError('invalid_request', `"${typed}" is not a size`, { hint: 'Give the new size such as 100G or 1T, or what to add such as +20G.' });
  return match?.[1] === '+' ? Math.ceil(currentGiB) + gib : gib;
}

/** `["a=1", "b=x=y"]` as `{a: "1", b: "x=y"}`. `what` names the option for the error. @throws invalid_request */
export function parsePairs(typed: readonly string[], what: string): Record<string, string> {
  const pairs: [string, string][] = typed.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new SomnusError('invalid_request', `"${pair}" is not ${what}`, { hint: 'Write KEY=VALUE.' });
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}
