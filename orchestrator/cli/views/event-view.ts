// Events as sentences. Pure; the text comes from other users and guests, so every line is sanitized.
import type { Event } from '../../client/schema.d.ts';
import { formatBytes, formatDuration, formatMiB } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';

/** The local time and a sentence. */
export function eventLine(event: Event): string {
  return `${localTime(event.at)}  ${sanitize(eventSentence(event))}`;
}

/** `2026-01-02 03:04:05` in this host's time zone. */
export function localTime(at: string): string {
  const time = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

type Data = Readonly<Record<string, unknown>>;
type Sentence = (name: string, data: Data) => string;

const lifecycle: Readonly<Record<string, string>> = {
  created: 'was created', started: 'was started', stopped: 'was stopped', restarted: 'was restarted', suspended: 'was suspended', resumed: 'was resumed', hibernated: 'was hibernated', woken: 'was woken',
  removed: 'was removed', undeleted: 'was restored from the removed environments', purged: 'was purged', forked: 'was forked', 'guest-rebooted': 'was rebooted by its guest', 'guest-panicked': 'panicked', 'guest-recovered': 'answers again',
  'guest-ready': 'is ready after a reboot of its guest',
};

const sentences: Readonly<Record<string, Sentence>> = {
  ...Object.fromEntries(Object.entries(lifecycle).map(([type, done]) => [`environment.${type}`, (name: string) => `${name} ${done}`])),
  'environment.created': (name, { forkedFrom }) => `${name} was created${forkedFrom === undefined ? '' : ` as a fork of ${text(forkedFrom)}`}`,
  'environment.changed': (name, { changed }) => `${name} was changed: ${changesText(changed)}`,
  'environment.state-found': (name, { expected, found, reason }) => `${name} was found ${text(found)} instead of ${text(expected)}: ${text(reason)}`,
  'environment.guest-frozen': (name, { frozen }) => `${name} does not answer: its ${frozen === 'init' ? 'init process' : 'guest'} hangs`,
  'environment.memory-exceeded': (name, { usedMiB, allowedMiB }) => `${name} uses ${mib(usedMiB)} of memory; its profile allows ${mib(allowedMiB)}`,
  'environment.profile-applied': (name, { profile }) => `${name} has the profile ${text(profile)}`,
  'environment.autoscaling': (name, { smallest, largest }) => (smallest === null ? `${name} no longer changes its profile automatically` : `${name} changes its profile automatically between ${text(smallest)} and ${text(largest)}`),
  'environment.autoscaled': (name, { from, to, why }) => `${name} has the profile ${text(to)} instead of ${text(from)}: ${text(why)}`,
  'environment.autoscale-blocked': (name, { why, reason }) => `${name} keeps its profile, although ${text(why)}: ${text(reason)}`,
  'environment.readdressed': (name, { from, to }) => `${name} has the address ${text(to)} instead of ${text(from)}`,
  'agent.unreachable': (name, { since }) => `the agent in ${name} has not answered since ${text(since)}`,
  'agent.reachable': (name, { unreachableSince }) => `the agent in ${name} is answering again; it had not answered since ${text(unreachableSince)}`,
  'incident.opened': (name, { category, place, message, fix }) => `${name}: ${text(category)} in ${text(place)}: ${text(message)}${fix === null ? '' : ` (${text(fix)})`}`,
  'incident.many': (name, { count }) => `${name}: ${text(count)} more incidents`,
  'incident.fix': (name, { what, automatic, outcome, detail }) => `${name}: ${text(what)}: ${text(outcome)}${automatic === true ? ' (automatic)' : ''}${typeof detail === 'string' && detail !== '' ? `. ${detail}` : ''}`,
  'incident.escalated': (name, { category, place, message, reason, todo }) => `${name} needs attention: ${text(category)} in ${text(place)}: ${text(message)}. ${text(reason)}. ${text(todo)}`,
  'incident.closed': (name, { category, place, count }) => `${name}: ${text(category)} in ${text(place)} was closed after ${text(count)} lines`,
  'environment.packs-changed': (name) => `The packs of ${name} were changed`,
  'pack.installed': (name, { pack, version }) => `${text(pack)} ${text(version)} was installed in ${name}`,
  'pack.upgraded': (name, { pack, version }) => `${text(pack)} was upgraded to ${text(version)} in ${name}`,
  'pack.uninstalled': (name, { pack, version }) => `${text(pack)} ${text(version)} was uninstalled from ${name}`,
  'pack.created': (name, { version }) => `The pack ${name} ${text(version)} was added`,
  'pack.removed': (name) => `The pack ${name} was removed`,
  'snapshot.created': (name, data) => `${snapshotsOf(data)} of ${name} was taken`,
  'snapshot.restored': (name, data) => `${name} was restored to ${snapshotsOf(data)}`,
  'snapshot.changed': (name, data) => `${snapshotsOf(data)} of ${name} was changed`,
  'snapshot.removed': (name, data) => `${snapshotsOf(data)} of ${name} ${many(data) ? 'were' : 'was'} removed${data['reason'] === undefined ? '' : `: ${text(data['reason'])}`}`,
  'snapshot.undeleted': (name, data) => `${snapshotsOf(data)} of ${name} was restored from the removed snapshots`,
  'snapshot.purged': (name, data) => `${snapshotsOf(data)} of ${name} ${many(data) ? 'were' : 'was'} purged`,
  'snapshot.sound': (name, data) => `${snapshotsOf(data)} of ${name} is intact`,
  'snapshot.damaged': (name, data) => `${snapshotsOf(data)} of ${name} is damaged: ${text(data['damage'])}`,
  'action.ended': (name, { programs, exitCode }) => `an action in ${name} ended with exit code ${text(exitCode)}: ${Array.isArray(programs) ? programs.map(text).join(', ') : ''}`,
  'action.lost': (name, { programs }) => `the result of an action in ${name} is unknown: ${Array.isArray(programs) ? programs.map(text).join(', ') : ''}`,
  'job.started': (name, data) => `${jobOf(data)} was started in ${name}`,
  'job.progress': (name, { percent, etaSeconds, ...data }) => `${jobOf(data)} in ${name}: ${text(percent)} %${typeof etaSeconds === 'number' ? `, ${formatDuration(etaSeconds * 1000)} left` : ''}`,
  'job.ended': (name, data) => `${jobOf(data)} in ${name} ended with exit code ${text(data['exitCode'])}`,
  'job.lost': (name, data) => `${jobOf(data)} in ${name} was lost; its exit code is unknown`,
  'file.written': (name, { path }) => `${text(path)} was written in ${name}`,
  'file.unpacked': (name, { path }) => `an archive was unpacked in ${name}: ${text(path)}`,
  'file.removed': (name, { path }) => `${text(path)} was removed in ${name}`,
  'file.created': (name, { path }) => `the folder ${text(path)} was created in ${name}`,
  'file.moved': (name, { path, from }) => `${text(from)} was moved to ${text(path)} in ${name}`,
  'collaboration.joined': (name, { collaboration }) => `${name} is a member of the collaboration ${text(collaboration)}`,
  'collaboration.left': (name, { collaboration }) => `${name} is no longer a member of the collaboration ${text(collaboration)}`,
  'collaboration.started': (name, { members, tasks }) => `the collaboration ${name} was started with ${Array.isArray(members) ? members.map(text).join(', ') : 'its members'}: ${text(tasks)} sub-tasks`,
  'collaboration.succeeded': (name) => `the collaboration ${name} has a result`,
  'collaboration.failed': (name, { reason }) => `the collaboration ${name} failed: ${text(reason)}`,
  'collaboration.cancelled': (name) => `the collaboration ${name} was cancelled`,
  'collaboration.task-taken': (name, { task, member, attempt }) => `${name}: ${text(member)} works on ${text(task)}${attempt === 1 ? '' : ` (attempt ${text(attempt)})`}`,
  'collaboration.task-done': (name, { task, member, done, total }) => `${name}: ${text(member)} has answered ${text(task)} (${text(done)} of ${text(total)})`,
  'collaboration.task-returned': (name, { task, member, reason }) => `${name}: ${text(member)} did not do ${text(task)}: ${text(reason)}; another attempt follows`,
  'collaboration.task-failed': (name, { task, member, reason }) => `${name}: ${text(task)} failed, last with ${text(member)}: ${text(reason)}`,
  'collaboration.answer-late': (name, { task, member }) => `${name}: the answer of ${text(member)} to ${text(task)} came too late and was not used`,
  'key.created': (name, { scopes }) => `the key ${name} was created${Array.isArray(scopes) ? ` (${scopes.join(', ')})` : ''}`,
  'key.revoked': (name) => `the key ${name} was revoked`,
  'user.removed': (name) => `the user ${name} was removed`,
  'user.restored': (name) => `the user ${name} was restored`,
  'image.built': (name) => `the guest image ${name} was built`,
  'pool.ok': (_, { freeBytes }) => `the pool has enough space again: ${bytes(freeBytes)} free`,
  'network.conflict': (_, { found }) => `another network on this host uses Somnus's subnet: ${text(found)}`,
  'network.conflict-ended': () => "no other network uses Somnus's subnet anymore",
  'clock.doubted': () => 'the clock jumped; expiry continues by the old time (`somnus clock accept` accepts the new one)',
  'clock.trusted': () => 'the clock is trusted again',
  'quarantine.added': (name, { reason }) => `${name} was quarantined: ${text(reason)}`,
  'quarantine.returned': (name) => `${name} returned from quarantine`,
  'quarantine.adopted': (name) => `${name} was restored from quarantine`,
  'quarantine.deleted': (name) => `${name} was deleted from quarantine`,
  'quarantine.held': (_, { unknown }) => `the database does not know ${text(unknown)} of the environments on this host; nothing is changed (see \`somnus doctor\`)`,
  'quarantine.released': () => 'the database knows the environments on this host again',
  'background.failed': (_, { area, subject, message }) => `background work failed (${text(area)} ${text(subject)}): ${text(message)}`,
  'background.recovered': (_, { area, subject }) => `background work succeeds again (${text(area)} ${text(subject)})`,
  'events.truncated': () => 'older events were deleted; the events that are kept follow',
};

/** What happened, without the time. Types without a sentence of their own show their type and data. */
export function eventSentence({ type, subject, data }: Event): string {
  const name = subject?.name ?? subject?.id ?? '';
  const sentence = sentences[type];
  if (sentence !== undefined) return sentence(name, data);
  const [area = '', what = ''] = type.split('.');
  if (what.endsWith('-failed')) return `${(area === 'environment' ? what.slice(0, -'-failed'.length) : `${area} ${what.slice(0, -'-failed'.length)}`).replaceAll('-', ' ')} of ${name} failed: ${text(data['message'])}`;
  if (area === 'operation') return operationSentence(what, name, data);
  if (area === 'memory') return `memory ${name}: ${what.replaceAll('_', ' ')}`;
  if (type === 'pool.low' || type === 'pool.full') return `the pool is ${what === 'full' ? 'full' : 'nearly full'}: ${text(data['usedPercent'])} % used, ${bytes(data['freeBytes'])} free`;
  if (area === 'data-folder') return `the data folder: ${what}`;
  const rest = Object.keys(data).length === 0 ? '' : ` ${JSON.stringify(data)}`;
  return `${name === '' ? '' : `${name}: `}${type}${rest}`;
}

function jobOf({ name, jobId }: Data): string {
  return `the job ${text(name ?? jobId)}`;
}

function operationSentence(what: string, name: string, { kind, step, number, of, done, total, error, operationId }: Data): string {
  const task = `${text(kind)}${name === '' || name === operationId ? '' : ` ${name}`}`;
  if (what === 'step') return `${task}: step ${text(number)} of ${text(of)}, ${text(step)}`;
  if (what === 'progress' && typeof done === 'number' && typeof total === 'number' && total > 0) return `${task}: ${Math.floor((done / total) * 100)} %`;
  const message = typeof error === 'object' && error !== null && 'message' in error ? `: ${text(error.message)}` : '';
  return `${task}: ${what.replaceAll(/[_-]/g, ' ')}${step === undefined ? '' : ` (${text(step)})`}${message}`;
}

function changesText(changed: unknown): string {
  if (Array.isArray(changed)) return changed.map(text).join(', '); // events of older versions
  return Object.entries((changed ?? {}) as Record<string, { from?: unknown; to?: unknown }>).map(([field, { from, to }]) => `${field} is ${text(to)} instead of ${text(from)}`).join(', ');
}

function snapshotsOf(data: Data): string {
  const given = data['snapshots'] ?? data['snapshot'] ?? data['name'] ?? data['snapshotIds'] ?? data['snapshotId'];
  const names = Array.isArray(given) ? given.map(text) : [text(given)];
  return `${names.length === 1 ? 'the snapshot' : 'the snapshots'} ${names.join(', ')}`;
}

function many(data: Data): boolean {
  const given = data['snapshots'] ?? data['snapshotIds'];
  return Array.isArray(given) && given.length !== 1;
}

function mib(value: unknown): string {
  return typeof value === 'number' ? formatMiB(value) : text(value);
}

function bytes(value: unknown): string {
  return typeof value === 'number' ? formatBytes(value) : text(value);
}

function text(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && !Array.isArray(value)) {
    const pairs = Object.entries(value).map(([key, each]) => `${key}=${text(each)}`);
    return pairs.length === 0 ? 'none' : pairs.join(' ');
  }
  return JSON.stringify(value);
}
