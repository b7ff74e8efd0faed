// somnus doctor: what this host has and what it needs, with a fix for each problem.
import type { DoctorCheck, DoctorReport } from '../../client/schema.d.ts';
import { isConnectionError } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Color } from '../terminal/output.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { formatTable } from '../terminal/text-table.ts';
import { decideAll, DOCTOR_TIMEOUT_MS } from './recover.ts';

/** Asks the control plane; runs the same checks here if it does not run. */
export async function doctor(cli: Cli, _args: unknown, options: { fix: boolean; yes: boolean; probe: boolean }): Promise<number> {
  if (options.probe) await (await cli.api()).call('post', '/v1/host/accelerator/probe', { timeoutMs: DOCTOR_TIMEOUT_MS });
  const report = await examine(cli);
  if (options.fix) {
    if (!cli.out.json) cli.out.note(reportText(cli, report));
    return await decideAll(cli, report, options.yes);
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
