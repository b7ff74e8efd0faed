// somnus profile ls, show
import type { ProfilePage } from '../../api/answers.ts';
import type { Profile } from '../../../supervisor/profiles/profile.ts';
import { segment } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { formatMiB } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { formatFacts } from '../terminal/text-table.ts';

export async function listProfiles(cli: Cli): Promise<void> {
  const api = await cli.api();
  const profiles = await api.call<ProfilePage>('GET', '/v1/profiles');
  cli.out.list(profiles, {
    columns: [{ title: 'NAME' }, { title: 'VCPUS', align: 'right' }, { title: 'MEMORY', align: 'right' }, { title: 'DISK', align: 'right' }, { title: 'CPU CAP', align: 'right' }, { title: 'DESCRIPTION' }],
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
  const profile = await api.call<Profile>('GET', `/v1/profiles/${segment(args.name)}`);
  const { shape } = profile;
  cli.out.result(profile, () => formatFacts([
    ['name', sanitize(profile.name)],
    ['description', sanitize(profile.description)],
    ['vcpus', range(String(shape.vcpus), String(shape.vcpusMax))],
    ['memory', range(formatMiB(shape.memoryMiB), formatMiB(shape.memoryMaxMiB))],
    ['disk', `${shape.diskGiB} GiB`],
    ['cpu cap', shape.cpuQuotaPercent === null ? 'none' : `${shape.cpuQuotaPercent} % of one host CPU`],
    ['I/O weight', shape.ioWeight === null ? 'none' : String(shape.ioWeight)],
    ['gpu', profile.gpu ? 'needed' : 'no'],
    ['built in', profile.builtIn ? 'yes' : 'no'],
  ]));
}

/** What it starts with, and what it can grow to. */
function range(now: string, most: string): string {
  return now === most ? now : `${now} (max ${most})`;
}
