// somnus top: resource use of environments, live on a terminal, once elsewhere.
import type { StatsPoint } from '../../client/schema.d.ts';
import { SomnusError } from '../../../common/errors.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { formatBytes, formatMiB } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { formatTable, type Column } from '../terminal/text-table.ts';

const refreshMs = 2000;

interface Usage { environmentId: string; name: string; state: string; latest: StatsPoint | null }

export async function top(cli: Cli, args: { names: string[] }): Promise<void> {
  const api = await cli.api();
  if (cli.out.json || !process.stdout.isTTY) {
    const items = await usages(api, args.names);
    cli.out.list({ items, nextCursor: null }, { columns, row, name: ({ name }) => name, none: 'No running environments.' });
    return;
  }
  await live(api, args.names);
}

/** Draws until q or Ctrl-C, then restores the terminal. */
async function live(api: ApiClient, names: readonly string[]): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const end = (): void => ended.resolve();
  const onKey = (key: Buffer): void => {
    if (['q', '\u0003', '\u001b'].includes(key.toString())) end();
  };
  process.once('SIGINT', end).once('SIGTERM', end).once('SIGHUP', end);
  if (process.stdin.isTTY) process.stdin.setRawMode(true).on('data', onKey);
  process.stdout.write('\u001b[?1049h\u001b[?25l');
  const restore = (): void => {
    process.stdout.write('\u001b[?25h\u001b[?1049l');
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
  };
  process.once('exit', restore);
  let over = false;
  void ended.promise.then(() => { over = true; });
  try {
    while (!over) {
      const text = await usages(api, names).then(formatUsages, (error: unknown) => (error instanceof SomnusError && error.code === 'unavailable' ? `${error.message}; retrying` : Promise.reject(error)));
      draw(text);
      await Promise.race([ended.promise, new Promise((resolve) => setTimeout(resolve, refreshMs).unref())]);
    }
  } finally {
    process.off('exit', restore);
    process.stdin.off('data', onKey).pause();
    restore();
  }
}

function draw(text: string): void {
  const rows = process.stdout.rows || 24;
  const columnCount = process.stdout.columns || 80;
  const heading = `${new Date().toTimeString().slice(0, 8)}  q quits`;
  const lines = [heading, '', ...text.split('\n')].slice(0, rows - 1).map((line) => line.slice(0, columnCount));
  process.stdout.write(`\u001b[H${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
}

async function usages(api: ApiClient, names: readonly string[]): Promise<Usage[]> {
  const environments = names.length > 0
    ? await Promise.all(names.map(async (name) => await api.call('get', '/v1/environments/{ref}', { path: { ref: name } })))
    : await Array.fromAsync(api.items('/v1/environments', {}));
  const now = new Date().toISOString(); // only new values, no history
  const found = await Promise.all(environments.map(async ({ id, name, state }): Promise<Usage | undefined> => {
    if (names.length === 0 && state !== 'running' && state !== 'suspended') return undefined;
    try {
      const { latest } = await api.call('get', '/v1/environments/{ref}/stats', { path: { ref: id }, query: { since: now } });
      return { environmentId: id, name, state, latest };
    } catch (error) {
      if (error instanceof SomnusError && error.code === 'not_found') return undefined; // removed in the meantime
      throw error;
    }
  }));
  return found.filter((usage) => usage !== undefined).toSorted((a, b) => (b.latest?.cpuPercent ?? -1) - (a.latest?.cpuPercent ?? -1));
}

const columns: readonly Column[] = [
  { title: 'NAME' }, { title: 'STATE' }, { title: 'CPU', align: 'right' }, { title: 'MEMORY', align: 'right' }, { title: 'OF HOST', align: 'right' }, { title: 'DISK', align: 'right' },
  { title: 'READ/S', align: 'right' }, { title: 'WRITTEN/S', align: 'right' }, { title: 'IN/S', align: 'right' }, { title: 'OUT/S', align: 'right' }, { title: 'LOAD', align: 'right' },
];

function row({ name, state, latest }: Usage): string[] {
  if (latest === null) return [sanitize(name), sanitize(state), ...Array.from({ length: 9 }, () => '-')];
  const { memoryUsedMiB: used, memoryTotalMiB: total } = latest;
  return [
    sanitize(name), sanitize(state), `${latest.cpuPercent.toFixed(1)} %`,
    used === null ? '-' : total === null ? formatMiB(used) : `${formatMiB(used)} / ${formatMiB(total)}`, formatMiB(latest.hostMemoryMiB), latest.diskUsedBytes === null ? '-' : formatBytes(latest.diskUsedBytes),
    formatBytes(latest.diskReadBytesPerSecond), formatBytes(latest.diskWrittenBytesPerSecond),
    formatBytes(latest.networkReceivedBytesPerSecond), formatBytes(latest.networkSentBytesPerSecond), latest.load1?.toFixed(2) ?? '-',
  ];
}

function formatUsages(found: readonly Usage[]): string {
  return found.length === 0 ? 'No running environments.' : formatTable(columns, found.map(row));
}
