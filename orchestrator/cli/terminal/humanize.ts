// Formats numbers and times for people. Pure.

const sizeUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1536` → `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < sizeUnits.length - 1) {
    size /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || size >= 99.95 ? 0 : 1;
  return `${size.toFixed(digits)} ${sizeUnits[unit]}`;
}

export function formatMiB(mib: number): string {
  return formatBytes(mib * 1024 * 1024);
}

/** `400` → `0.4 s`, `65000` → `1m 05s`, `3720000` → `1h 02m`. */
export function formatDuration(ms: number): string {
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h ${two(Math.floor((seconds % 3600) / 60))}m`;
}

const spans: readonly (readonly [seconds: number, unit: string])[] = [[86_400, 'd'], [3600, 'h'], [60, 'm'], [1, 's']];

/** A time relative to now: `3m ago`, `in 6d`, `now`; `-` for null. */
export function formatWhen(at: string | null | undefined, nowMs = Date.now()): string {
  if (at === null || at === undefined) return '-';
  const seconds = Math.round((Date.parse(at) - nowMs) / 1000);
  const span = spans.find(([length]) => Math.abs(seconds) >= length);
  if (span === undefined) return 'now';
  const text = `${Math.floor(Math.abs(seconds) / span[0])}${span[1]}`;
  return seconds > 0 ? `in ${text}` : `${text} ago`;
}
