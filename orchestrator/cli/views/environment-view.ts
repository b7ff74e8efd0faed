// Formats environments for a terminal.
import type { Environment } from '../../client/schema.d.ts';
import { availableCommands } from '../../environments/available-actions.ts';
import type { EnvironmentState } from '../../../supervisor/domain/states.ts';
import { formatBytes, formatMiB, formatWhen } from '../terminal/humanize.ts';
import type { Color, Output } from '../terminal/output.ts';
import { sanitize } from '../terminal/sanitize.ts';
import type { Column } from '../terminal/text-table.ts';

export const environmentColumns: readonly Column[] = [
  { title: 'NAME' }, { title: 'STATE' }, { title: 'PROFILE' }, { title: 'VCPUS', align: 'right' }, { title: 'MEMORY', align: 'right' }, { title: 'DISK', align: 'right' },
  { title: 'NETWORK' }, { title: 'IP' }, { title: 'CREATED' },
];

export function environmentRow(out: Output, environment: Environment): string[] {
  return [
    sanitize(environment.name), paintState(out, environment.state), sanitize(environment.profile), String(environment.vcpus), formatMiB(environment.memoryMiB), diskText(environment, ' / '),
    environment.network, sanitize(environment.ip), formatWhen(environment.createdAt),
  ];
}

export function environmentFacts(out: Output, environment: Environment): [string, string][] {
  const labels = Object.entries(environment.labels).map(([key, value]) => `${key}=${value}`).join(' ');
  const facts: [string, string | null][] = [
    ['name', environment.name],
    ['id', environment.id],
    ['state', environment.state],
    ['reason', environment.stateReason],
    ['operation', environment.operationId],
    ['available actions', availableCommands(environment).map((line) => `somnus ${line}`).join(', ')],
    ['profile', environment.profile],
    ['vcpus', String(environment.vcpus)],
    ['memory', formatMiB(environment.memoryMiB)],
    ['disk', diskText(environment, ' used of ')],
    ['network', environment.network],
    ['ip', environment.ip],
    ['mac', environment.mac],
    ['image', environment.image],
    ['restarts', environment.restartPolicy],
    ['boot id', environment.bootId],
    ['labels', labels === '' ? null : labels],
    ['owner', environment.owner],
    ['created', when(environment.createdAt)],
    ['started', when(environment.startedAt)],
    ['removed', when(environment.removedAt)],
    ['purged', when(environment.purgeAt)],
  ];
  return facts
    .filter((fact): fact is [string, string] => fact[1] !== null)
    .map(([name, text]) => [name, name === 'state' ? paintState(out, environment.state) : sanitize(text)]);
}

/** The size, after what is used of it if that is known. */
function diskText({ diskGiB, diskUsedBytes }: Environment, of: string): string {
  return `${diskUsedBytes == null ? '' : `${formatBytes(diskUsedBytes)}${of}`}${diskGiB} GiB`;
}

/** The last console lines before the guest rebooted, panicked or froze; empty when there are none. */
export function consoleLines(environment: Environment): string[] {
  return environment.lastWords === null || environment.lastWords === '' ? [] : ['', 'last console lines', ...environment.lastWords.split('\n').map((line) => `  ${sanitize(line)}`)];
}

/** The current state in one line. */
export function environmentSentence(environment: Environment): string {
  const name = sanitize(environment.name);
  if (environment.state === 'removed') {
    return `${name} is removed${environment.purgeAt === null ? '' : `; until ${environment.purgeAt.slice(0, 10)} \`somnus undelete ${name}\` restores it`}`;
  }
  return `${name} is ${environment.state}${environment.state === 'running' ? ` at ${sanitize(environment.ip)}` : ''}${environment.stateReason === null ? '' : `: ${sanitize(environment.stateReason)}`}`;
}

const stateColors: Readonly<Partial<Record<EnvironmentState, Color>>> = { running: 'green', failed: 'red', suspended: 'cyan', hibernated: 'cyan', stopped: 'gray', removed: 'gray' };

function paintState(out: Output, state: EnvironmentState): string {
  return out.paint(stateColors[state] ?? 'yellow', sanitize(state));
}

function when(at: string | null): string | null {
  return at === null ? null : `${at} (${formatWhen(at)})`;
}
