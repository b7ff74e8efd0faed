// Parses option values into what the API takes. Pure.
import { SomnusError } from '../../common/errors.ts';

const secondsPerUnit: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** Parses `30`, `1.5s`, `2m`, `1h` to milliseconds. @throws invalid_request */
export function parseDuration(typed: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(typed);
  const ms = Math.round(Number(match?.[1]) * (secondsPerUnit[match?.[2] ?? ''] ?? Number.NaN) * 1000);
  if (!(ms > 0)) throw new SomnusError('invalid_request', `"${typed}" is not a duration`, { hint: 'Use seconds, or a number with s, m, h or d: 30, 1.5s, 2m.' });
  return ms;
}

/** Parses a whole number of at least `min`. @throws invalid_request */
export function parseCount(typed: string, min = 0): number {
  const count = /^\d+$/.test(typed) ? Number(typed) : Number.NaN;
  if (!(count >= min)) throw new SomnusError('invalid_request', `"${typed}" is not a whole number`, { hint: `Use a whole number of at least ${min}.` });
  return count;
}

const gibPerUnit: Readonly<Record<string, number>> = { '': 1, G: 1, T: 1024 };

/** A port from 1 to 65535. @throws invalid_request */
export function parsePort(typed: string): number {
  const port = parseCount(typed, 1);
  if (port > 65_535) throw new SomnusError('invalid_request', `${typed} is not a port`, { hint: 'Ports go from 1 to 65535.' });
  return port;
}

/** Parses `100`, `100G`, `2T`, or `+20G` relative to `currentGiB`, to whole GiB. @throws invalid_request */
export function parsePoolSize(typed: string, currentGiB: number): number {
  const match = /^(\+?)(\d+)([GT]?)(?:i?B)?$/i.exec(typed);
  const gib = Number(match?.[2]) * (gibPerUnit[(match?.[3] ?? '').toUpperCase()] ?? Number.NaN);
  if (!(gib > 0)) throw new SomnusError('invalid_request', `"${typed}" is not a size`, { hint: 'Use a new size such as 100G or 1T, or an amount to add such as +20G.' });
  return match?.[1] === '+' ? Math.ceil(currentGiB) + gib : gib;
}

const bytesPerUnit: Readonly<Record<string, number>> = { M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Parses `512M`, `2G`, `1.5GiB` to whole units of `unitBytes`. @throws invalid_request */
function parseSize(typed: string, unitBytes: number, example: string): number {
  const match = /^(\d+(?:\.\d+)?)([MGT])(?:i?B)?$/i.exec(typed);
  const size = (Number(match?.[1]) * (bytesPerUnit[(match?.[2] ?? '').toUpperCase()] ?? Number.NaN)) / unitBytes;
  if (!(size > 0) || !Number.isInteger(size)) throw new SomnusError('invalid_request', `"${typed}" is not a size`, { hint: `Use a number with a unit, such as ${example}.` });
  return size;
}

/** @throws invalid_request */
export function parseMemorySize(typed: string): number {
  return parseSize(typed, 2 ** 20, '512M or 2G');
}

/** @throws invalid_request */
export function parseDiskSize(typed: string): number {
  return parseSize(typed, 2 ** 30, '30G');
}

/** Parses `["a=1", "b=x=y"]` to `{a: "1", b: "x=y"}`. `what` names the option in the error. @throws invalid_request */
export function parsePairs(typed: readonly string[], what: string): Record<string, string> {
  const pairs: [string, string][] = typed.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new SomnusError('invalid_request', `"${pair}" is not ${what}`, { hint: 'Write KEY=VALUE.' });
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}
