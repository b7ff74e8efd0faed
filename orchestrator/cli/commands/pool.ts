// somnus pool show, grow
import type { HostStatus } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { parsePoolSize } from '../parse-values.ts';
import { formatBytes } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { poolAdvice } from '../views/pool-view.ts';
import { formatFacts } from '../terminal/text-table.ts';

/** Preallocating the file may take a while. */
const growTimeoutMs = 600_000;
const gib = 1024 ** 3;

export async function showPool(cli: Cli): Promise<void> {
  const api = await cli.api();
  const { pool } = await api.call('get', '/v1/host');
  cli.out.result(pool, () => poolText(pool));
}

export async function growPool(cli: Cli, args: { size: string }): Promise<void> {
  const api = await cli.api();
  const { pool: before } = await api.call('get', '/v1/host');
  const toGiB = parsePoolSize(args.size, before.totalBytes / gib);
  const { pool } = await api.call('post', '/v1/host/pool/grow', { body: { toGiB }, timeoutMs: growTimeoutMs });
  cli.out.result(pool, () => `The pool is now ${formatBytes(pool.totalBytes)}, ${formatBytes(pool.freeBytes)} free`);
}

function poolText(pool: HostStatus['pool']): string {
  return formatFacts([
    ['path', sanitize(pool.path)],
    ['backing', pool.backing === 'loop' ? 'a pool file' : 'a folder'],
    ['file system', `${sanitize(pool.fileSystem)}${pool.reflink ? ' with reflink' : ', without reflink'}`],
    ['size', formatBytes(pool.totalBytes)],
    ['used', `${formatBytes(pool.totalBytes - pool.freeBytes)} (${pool.usedPercent} %)`],
    ['free', formatBytes(pool.freeBytes)],
    ['kept free', `${formatBytes(pool.reserveBytes)} in reserve, ${formatBytes(pool.keptBytes)} for the memory of running VMs`],
    ...poolAdvice(pool),
  ]);
}
