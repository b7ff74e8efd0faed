// somnus status, doctor, version: the state of the host and the control plane.
import packageJson from '../../../package.json' with { type: 'json' };
import type { DoctorCheck, DoctorReport, HostStatus, PartReport } from '../../client/schema.d.ts';
import { isConnectionError, type ApiClient } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { formatBytes, formatMiB, formatWhen } from '../terminal/humanize.ts';
import type { Color } from '../terminal/output.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { poolAdvice } from '../views/pool-view.ts';
import { formatFacts, formatTable } from '../terminal/text-table.ts';

/** Its checks boot a test guest and wait for busy services. */
export const DOCTOR_TIMEOUT_MS = 180_000;

export async function status(cli: Cli): Promise<number> {
  const api = await cli.api();
  try {
    const host = await api.call('get', '/v1/host');
    cli.out.result({ running: true, ...host }, () => statusText(host));
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

function statusText(host: HostStatus): string {
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
    ...(host.unknownVms === 0 ? [] : [['unknown VMs', `${host.unknownVms}, which are most of the VMs on this host; see \`somnus doctor\``] as [string, string]]),
  ]);
}

/** Asks the control plane; runs the same checks here if it does not run. */
export async function doctor(cli: Cli, _args: unknown, options: { fix: boolean; yes: boolean; probe: boolean }): Promise<number> {
  if (options.probe) await (await cli.api()).call('post', '/v1/host/accelerator/probe', { timeoutMs: DOCTOR_TIMEOUT_MS });
  const report = await examine(cli);
  if (options.fix) {
    if (!cli.out.json) cli.out.note(reportText(cli, report));
    return await (await import('./recover.ts')).decideAll(cli, report, options.yes);
  }
  cli.out.result(report, () => reportText(cli, report));
  return report.ok ? exitCodes.ok : exitCodes.error;
}

async function examine(cli: Cli): Promise<DoctorReport> {
  const api = await cli.api();
  try {
    return await api.call('get', '/v1/host/doctor', { timeoutMs: DOCTOR_TIMEOUT_MS });
  } catch (error) {
    if (!isConnectionError(error)) throw error;
    cli.out.note(`The control plane is not running at ${api.url}; checking this host without it.`);
    const [{ runDoctor }, { loadConfig }] = await Promise.all([import('../../host/doctor.ts'), import('../../../common/config.ts')]);
    return await runDoctor(loadConfig(cli.settings.configFile));
  }
}

const checkColors: Readonly<Record<DoctorCheck['status'], Color>> = { ok: 'green', warning: 'yellow', failed: 'red' };

function reportText({ out }: Cli, report: DoctorReport): string {
  const table = formatTable(
    [{ title: 'CHECK' }, { title: 'STATUS' }, { title: 'FOUND' }],
    report.checks.map((check) => [sanitize(check.name), out.paint(checkColors[check.status], check.status), sanitize(check.found)]),
  );
  const fixes = report.checks.filter((check) => check.fix !== null).map((check) => `${sanitize(check.name)}: ${sanitize(check.fix ?? '')}`);
  return [table, ...(fixes.length === 0 ? [] : ['', 'To do:', ...fixes.map((fix) => `  ${fix}`)])].join('\n');
}

/** The CLI's version, and the control plane's if it answers. */
export async function version(cli: Cli): Promise<void> {
  const controlPlane = await cli.api().then(async (api) => (await api.call('get', '/healthz', { timeoutMs: 2000 })).version).catch(() => null);
  cli.out.result({ version: packageJson.version, controlPlane }, () => formatFacts([['somnus', packageJson.version], ['control plane', controlPlane ?? 'does not answer']]));
}
