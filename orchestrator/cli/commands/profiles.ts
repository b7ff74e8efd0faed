// somnus profile ls, show, apply, auto
import { randomUUID } from 'node:crypto';
import type { PlannedField, ProfilePlan } from '../../client/schema.d.ts';
import { SomnusError } from '../../../common/errors.ts';
import type { Cli } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { followOperations } from '../follow-operations.ts';
import { operationFailure } from '../operation-outcome.ts';
import { formatMiB } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { formatFacts, formatTable } from '../terminal/text-table.ts';
import { operationRow } from '../views/operation-view.ts';

export async function listProfiles(cli: Cli): Promise<void> {
  const api = await cli.api();
  const profiles = await api.call('get', '/v1/profiles');
  cli.out.list(profiles, {
    columns: [{ title: 'NAME' }, { title: 'VCPUS', align: 'right' }, { title: 'MEMORY', align: 'right' }, { title: 'DISK', align: 'right' }, { title: 'CPU LIMIT', align: 'right' }, { title: 'DESCRIPTION' }],
    row: ({ name, shape, description }) => [
      sanitize(name), range(String(shape.vcpus), String(shape.vcpusMax)), range(formatMiB(shape.memoryMiB), formatMiB(shape.memoryMaxMiB)), `${shape.diskGiB} GiB`,
      shape.cpuQuotaPercent === null ? '-' : `${shape.cpuQuotaPercent} %`, sanitize(description),
    ],
    name: ({ name }) => name,
    none: 'No profiles.',
  });
}

export async function showProfile(cli: Cli, args: { name: string }): Promise<void> {
  const api = await cli.api();
  const profile = await api.call('get', '/v1/profiles/{name}', { path: { name: args.name } });
  const { shape } = profile;
  cli.out.result(profile, () => formatFacts([
    ['name', sanitize(profile.name)],
    ['description', sanitize(profile.description)],
    ['vcpus', range(String(shape.vcpus), String(shape.vcpusMax))],
    ['memory', range(formatMiB(shape.memoryMiB), formatMiB(shape.memoryMaxMiB))],
    ['disk', `${shape.diskGiB} GiB`],
    ['cpu limit', shape.cpuQuotaPercent === null ? 'none' : `${shape.cpuQuotaPercent} % of one host CPU`],
    ['I/O weight', shape.ioWeight === null ? 'none' : String(shape.ioWeight)],
    ['gpu', profile.gpu ? 'needed' : 'no'],
    ['built in', profile.builtIn ? 'yes' : 'no'],
  ]));
}

export async function applyProfile(cli: Cli, args: { name: string; profile: string }, options: { dryRun: boolean; wait: boolean }): Promise<number | void> {
  const { out } = cli;
  const api = await cli.api();
  const { plan, operation } = await api.call('post', '/v1/environments/{ref}/profile', { path: { ref: args.name },
    body: { profile: args.profile, dryRun: options.dryRun }, headers: { 'idempotency-key': randomUUID() },
  });
  if (options.dryRun || operation === null) {
    out.result(plan, () => planTable(plan));
    return plan.possible ? exitCodes.ok : exitCodes.error;
  }
  if (!options.wait) return out.result(operation, () => (out.quiet ? operation.id : operationRow(out, operation).slice(0, 4).join('   ')));
  const [ended = operation] = await followOperations(cli, [operation]);
  const failure = operationFailure(ended);
  if (failure) throw failure;
  const environment = await api.call('get', '/v1/environments/{ref}', { path: { ref: args.name } });
  out.note(planTable({ ...plan, fields: plan.fields.filter(({ from, to }) => from !== to) }));
  out.result(environment, () => (out.quiet ? environment.name : sanitize(`${environment.name} now has: profile ${environment.profile}, ${environment.vcpus} vCPU${environment.vcpus === 1 ? '' : 's'}, ${formatMiB(environment.memoryMiB)} of memory`)));
}

export async function autoscaleProfile(cli: Cli, { name }: { name: string }, { from: smallest, to: largest, off }: { from: string | undefined; to: string | undefined; off: boolean }): Promise<void> {
  if ((smallest === undefined) !== (largest === undefined)) throw new SomnusError('invalid_request', '--from and --to must be given together', { hint: 'For example: `somnus profile auto demo --from idle --to research`.' });
  const api = await cli.api();
  const path = { ref: name };
  const found = off ? await api.call('delete', '/v1/environments/{ref}/autoscaling', { path })
    : smallest === undefined || largest === undefined ? await api.call('get', '/v1/environments/{ref}/autoscaling', { path })
      : await api.call('put', '/v1/environments/{ref}/autoscaling', { path, body: { smallest, largest } });
  cli.out.result(found, () => (found.enabled ? `${sanitize(name)} changes its profile automatically between ${found.profiles.map(sanitize).join(', ')}` : `${sanitize(name)} keeps its profile.`));
}

function planTable({ fields }: ProfilePlan): string {
  return formatTable(
    [{ title: 'FIELD' }, { title: 'NOW', align: 'right' }, { title: 'PROFILE', align: 'right' }, { title: 'WHEN' }, { title: 'WHY' }],
    fields.map(({ field, from, to, when, reason }) => [field, plannedValue(from), plannedValue(to), when, sanitize(reason)]),
  );
}

function plannedValue(value: PlannedField['from']): string {
  if (value === null) return 'none';
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

/** The initial amount, and the maximum if it can grow. */
function range(now: string, most: string): string {
  return now === most ? now : `${now} (max ${most})`;
}
