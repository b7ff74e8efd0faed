// somnus status, version: the state of the host and the control plane.
import packageJson from '../../../package.json' with { type: 'json' };
import type { HostStatus, PartReport } from '../../client/schema.d.ts';
import { isConnectionError, type ApiClient } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { formatBytes, formatMiB, formatWhen } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { poolAdvice } from '../views/pool-view.ts';
import { formatFacts } from '../terminal/text-table.ts';

export async function status(cli: Cli): Promise<number> {
  const api = await cli.api();
  try {
    const [host, { parts }] = await Promise.all([api.call('get', '/v1/host'), api.call('get', '/healthz')]);
    const degraded = parts.filter(({ state }) => state !== 'ready');
    cli.out.result({ running: true, ...host, degraded }, () => statusText(host, degraded));
    return exitCodes.ok;
  } catch (error) {
    const coming = isConnectionError(error) ? undefined : await missingParts(api);
    if (coming !== undefined && coming.length > 0) {
      cli.out.result({ running: true, url: api.url, waitingFor: coming }, () => [
        `The control plane is running at ${api.url}; these parts are not ready:`, ...coming.map(({ name, state, message }) => `  ${name}: ${state}${message === null ? '' : `, ${sanitize(message)}`}`),
      ].join('\n'));
      return exitCodes.error;
    }
    if (!isConnectionError(error)) throw error;
    cli.out.result({ running: false, url: api.url }, () => `The control plane is not running at ${api.url}. Start it with \`somnus up\`.`);
    return exitCodes.error;
  }
}

/** What a control plane is missing that could not report its status. */
async function missingParts(api: ApiClient): Promise<PartReport[]> {
  return await api.readiness().then(({ waitingFor }) => waitingFor, () => []);
}

function statusText(host: HostStatus, degraded: readonly PartReport[]): string {
  const environments = Object.entries(host.environments).map(([state, count]) => `${count} ${state}`).join(', ');
  const { memory, pool } = host;
  return formatFacts([
    ['running', `since ${formatWhen(host.startedAt)}, pid ${host.pid}`],
    ['version', host.version],
    ['url', host.url],
    ...(host.keyFile === null ? [] : [['key file', sanitize(host.keyFile)] as [string, string]]),
    ['data', sanitize(host.dataDir)],
    ['host', `${sanitize(host.hostname)}, ${host.cpus} CPUs`],
    ['accelerator', `${host.accel.use} (${sanitize(host.accel.reason)})`],
    ['memory', `${formatMiB(memory.availableMiB)} of ${formatMiB(memory.totalMiB)} available, ${formatMiB(memory.committedMiB)} committed to environments`],
    ['pool', `${formatBytes(pool.freeBytes)} of ${formatBytes(pool.totalBytes)} free, ${sanitize(pool.fileSystem)} at ${sanitize(pool.path)}`],
    ...poolAdvice(pool),
    ['libvirt', host.libvirt.connected ? `${host.libvirt.version ?? 'connected'}, QEMU ${host.libvirt.qemuVersion ?? 'unknown'}` : 'not connected'],
    ['redis', host.redis.connected ? `connected${host.redis.private ? ', private' : ''}` : 'not connected'],
    ['network', host.network.conflict === null ? host.network.subnet : `${host.network.subnet} is also used by something else: ${sanitize(host.network.conflict)}; see \`somnus doctor\``],
    ['environments', environments === '' ? 'none' : environments],
    ...degraded.map(({ name, state, message }) => [name, `${sanitize(message ?? state)}; see \`somnus doctor\``] as [string, string]),
    ...(host.unknownVms === 0 ? [] : [['unknown VMs', `${host.unknownVms}, which are most of the VMs on this host; see \`somnus doctor\``] as [string, string]]),
  ]);
}

/** The CLI's version, and the control plane's if it answers. */
export async function version(cli: Cli): Promise<void> {
  const controlPlane = await cli.api().then(async (api) => (await api.call('get', '/healthz', { timeoutMs: 2000 })).version).catch(() => null);
  cli.out.result({ version: packageJson.version, controlPlane }, () => formatFacts([['somnus', packageJson.version], ['control plane', controlPlane ?? 'does not answer']]));
}
