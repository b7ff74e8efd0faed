// somnus collab …: work that several environments do together.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { SomnusError } from '../../../common/errors.ts';
import type { Collaboration, CollaborationPage, Event, Message, MessagePage, SharedFile, SharedFilePage, StartCollaboration, SubTask, SubTaskPage } from '../../client/schema.d.ts';
import { isConnectionError, type ApiClient } from '../api/api-client.ts';
import { serverSentEvents } from '../api/server-sent-events.ts';
import type { Cli } from '../command.ts';
import { page, type PageOptions } from '../paging.ts';
import { formatBytes, formatWhen } from '../terminal/humanize.ts';
import type { Color } from '../terminal/output.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { eventLine, localTime } from '../views/event-view.ts';

interface Target { collab: string }
interface StartOptions { task: string | undefined; with: string[]; plan: string | undefined; name: string | undefined; synthesis: 'merge' | 'vote' | 'model' | undefined; deadline: number | undefined; attempts: number | undefined; network: boolean; follow: boolean }

/** The longest wait that the API accepts, in seconds. */
const WAIT = 600;
const colors: Readonly<Record<Collaboration['status'], Color>> = { running: 'cyan', succeeded: 'green', failed: 'red', cancelled: 'gray' };

export async function startCollaboration(cli: Cli, _args: unknown, options: StartOptions): Promise<number> {
  const body = { ...(options.plan === undefined ? {} : await readPlan(options.plan)), ...given(options) } as Partial<StartCollaboration>;
  const { task, members } = body;
  if (task === undefined) throw new SomnusError('invalid_request', '--task is missing', { hint: 'Say what the members do together: --task "Count the words".' });
  if (members === undefined) throw new SomnusError('invalid_request', '--with is missing', { hint: 'Name the members: --with a,b,c.' });
  const api = await cli.api();
  const started = await api.call('post', '/v1/collaborations', { body: { ...body, task, members }, headers: { 'idempotency-key': randomUUID() } });
  if (options.follow) return await followToEnd(cli, api, started, true);
  cli.out.result(started, () => (cli.out.quiet ? started.name : `Started ${started.name}: follow it with \`somnus collab show ${started.name} -f\``));
  return 0;
}

/** What the options say; it replaces what the plan says. */
function given({ task, with: members, name, synthesis, deadline, attempts, network }: StartOptions): Partial<StartCollaboration> {
  const named = members.flatMap((each) => each.split(',')).filter((each) => each !== '').map((each) => {
    const [environment = '', role] = each.split(':');
    return { environment, ...(role === undefined ? {} : { role }) };
  });
  return {
    ...(task === undefined ? {} : { task }), ...(named.length === 0 ? {} : { members: named }), ...(name === undefined ? {} : { name }), ...(synthesis === undefined ? {} : { synthesis: { how: synthesis, format: 'text' as const } }),
    ...(deadline === undefined ? {} : { deadlineSeconds: Math.ceil(deadline / 1000) }), ...(attempts === undefined ? {} : { attempts }), ...(network ? {} : { network }),
  };
}

async function readPlan(file: string): Promise<object> {
  const content = await (file === '-' ? text(process.stdin) : readFile(file, 'utf8')).catch((cause: unknown) => { throw new SomnusError('invalid_request', `The plan ${file} cannot be read: ${(cause as Error).message}`, { hint: 'Name a file with a plan in YAML or JSON.', cause }); });
  const { parse } = await import('yaml');
  let plan: unknown;
  try {
    plan = parse(content);
  } catch (cause) {
    throw new SomnusError('invalid_request', `The plan ${file} is neither YAML nor JSON: ${(cause as Error).message}`, { hint: 'See docs/collaboration.md for an example.', cause });
  }
  if (typeof plan !== 'object' || plan === null || Array.isArray(plan)) throw new SomnusError('invalid_request', `The plan ${file} is not an object`, { hint: 'It has the field `tasks`; see docs/collaboration.md for an example.' });
  return plan;
}

/** Prints its events until it ends, then with `prints` its result. */
async function followToEnd(cli: Cli, api: ApiClient, { id }: Collaboration, prints: boolean): Promise<number> {
  const stop = new AbortController();
  const following = followEvents(cli, api, id, stop.signal);
  const ended = await untilEnded(api, id);
  stop.abort();
  await following;
  if (prints && ended.status === 'succeeded' && !cli.out.json) process.stdout.write((await api.call('get', '/v1/collaborations/{collab}/result', { path: { collab: id } })).result);
  else if (cli.out.json) cli.out.item(ended, () => '');
  else cli.out.note(`${ended.name}: ${ended.status}${ended.reason === null ? '' : `: ${sanitize(ended.reason)}`}`);
  return ended.status === 'succeeded' ? 0 : 1;
}

async function followEvents(cli: Cli, api: ApiClient, id: string, signal: AbortSignal): Promise<void> {
  try {
    const stream = await api.open('get', '/v1/events', { query: { subject: id, since: '0' }, headers: { accept: 'text/event-stream' } });
    signal.addEventListener('abort', () => stream.destroy(), { once: true });
    for await (const { data } of serverSentEvents(stream as AsyncIterable<Buffer>)) {
      const event = JSON.parse(data) as Event;
      if (cli.out.json) cli.out.item(event, () => '');
      else cli.out.note(eventLine(event));
    }
  } catch (error) {
    if (!signal.aborted) cli.out.note(`Events can no longer be shown: ${(error as Error).message}`);
  }
}

async function untilEnded(api: ApiClient, collab: string): Promise<Collaboration> {
  for (;;) {
    try {
      const found = await api.call('get', '/v1/collaborations/{collab}', { path: { collab }, query: { wait: WAIT }, timeoutMs: (WAIT + 30) * 1000 });
      if (found.status !== 'running') return found;
    } catch (error) {
      if (!isConnectionError(error) && !['unavailable', 'starting'].includes((error as { code?: string }).code ?? '')) throw error;
      await new Promise((resolve) => { setTimeout(resolve, 1000); });
    }
  }
}

export async function listCollaborations(cli: Cli, _args: unknown, { status, ...options }: PageOptions & { status: Collaboration['status'] | undefined }): Promise<void> {
  const found: CollaborationPage = await page(cli, '/v1/collaborations', { query: { status } }, options);
  cli.out.list(found, {
    columns: [{ title: 'NAME' }, { title: 'STATUS' }, { title: 'DONE', align: 'right' }, { title: 'MEMBERS' }, { title: 'STARTED' }, { title: 'TASK' }],
    row: (one: Collaboration) => [one.name, one.status, progressOf(one), one.members.map(({ name }) => name).join(' '), formatWhen(one.createdAt), sanitize(one.task).slice(0, 60)],
    name: ({ name }) => name,
    none: 'No collaborations. Start one with `somnus collab start --task TEXT --with NAME,…`.',
  });
}

function progressOf({ progress: { done, total } }: Collaboration): string {
  return `${done}/${total}`;
}

export async function showCollaboration(cli: Cli, { collab }: Target, { follow }: { follow: boolean }): Promise<number> {
  const api = await cli.api();
  const found = await api.call('get', '/v1/collaborations/{collab}', { path: { collab } });
  if (follow) return await followToEnd(cli, api, found, false);
  cli.out.result(found, () => collaborationText(cli, found));
  return 0;
}

function collaborationText(cli: Cli, found: Collaboration): string {
  const { name, status, reason, task, members, progress, synthesis, resultBytes, createdAt, deadlineAt } = found;
  return [
    `${name}: ${cli.out.paint(colors[status], status)}${reason === null ? '' : `: ${sanitize(reason)}`}`,
    `Task:       ${sanitize(task)}`,
    `Members:    ${members.map((member) => (member.role === null ? member.name : `${member.name} (${member.role})`)).join(', ')}`,
    `Sub-tasks:  ${progress.done} of ${progress.total} done, ${progress.running} running, ${progress.failed} failed`,
    `Synthesis:  ${synthesis}`,
    ...(resultBytes === null ? [] : [`Result:     ${formatBytes(resultBytes)}, see \`somnus collab result ${name}\``]),
    `Started:    ${formatWhen(createdAt)}`,
    ...(deadlineAt === null ? [] : [`Deadline:   ${localTime(deadlineAt)}`]),
  ].join('\n');
}

export async function listTasks(cli: Cli, { collab }: Target, { answers, ...options }: PageOptions & { answers: boolean }): Promise<void> {
  const tasks: SubTaskPage = await page(cli, '/v1/collaborations/{collab}/tasks', { path: { collab } }, options);
  if (answers) {
    const api = await cli.api();
    for (const { name } of tasks.items) {
      const detail = await api.call('get', '/v1/collaborations/{collab}/tasks/{task}', { path: { collab, task: name } });
      cli.out.item(detail, () => `${cli.out.paint('bold', name)} (${detail.status}${detail.doneBy === null ? '' : `, ${sanitize(detail.doneBy)}`})\n${detail.answer === null ? '' : sanitize(detail.answer)}`);
    }
    return;
  }
  cli.out.list(tasks, {
    columns: [{ title: 'NAME' }, { title: 'STATUS' }, { title: 'MEMBER' }, { title: 'ATTEMPTS', align: 'right' }, { title: 'ANSWER', align: 'right' }, { title: 'WORK' }],
    row: ({ name, status, doneBy, member, role, attempts, answerBytes, command, ask, reason }: SubTask) => [
      name, status === 'failed' && reason !== null ? `failed: ${sanitize(reason).slice(0, 60)}` : status, sanitize(doneBy ?? member ?? (role === null ? '-' : `any ${role}`)), String(attempts), answerBytes === null ? '-' : formatBytes(answerBytes), sanitize(command?.at(-1) ?? ask ?? '').slice(0, 50),
    ],
    name: ({ name }) => name,
    none: 'No sub-tasks.',
  });
}

export async function listMessages(cli: Cli, { collab }: Target, options: PageOptions): Promise<void> {
  const messages: MessagePage = await page(cli, '/v1/collaborations/{collab}/messages', { path: { collab } }, options);
  cli.out.list(messages, {
    columns: [{ title: 'AT' }, { title: 'FROM' }, { title: 'TO' }, { title: 'TEXT' }],
    row: ({ at, from, to, text: content }: Message) => [localTime(at), sanitize(from ?? 'owner'), sanitize(to ?? 'all'), sanitize(content)],
    name: ({ cursor }) => cursor,
    none: 'No messages.',
  });
}

export async function sendMessage(cli: Cli, { collab, text: content }: Target & { text: string }, { to }: { to: string | undefined }): Promise<void> {
  const sent = await (await cli.api()).call('post', '/v1/collaborations/{collab}/messages', { path: { collab }, body: { text: content, to } });
  cli.out.result(sent, () => `Sent to ${sanitize(sent.to ?? 'all members')}.`);
}

export async function publishFile(cli: Cli, { collab, member, path }: Target & { member: string; path: string }): Promise<void> {
  const published: SharedFile = await (await cli.api()).call('post', '/v1/environments/{ref}/collaborations/{collab}/publish', { path: { ref: member, collab }, body: { path }, timeoutMs: 600_000 });
  cli.out.result(published, () => (published.path === path ? `Published ${sanitize(path)}, version ${published.version}.` : `Another member has published a newer version of ${sanitize(path)}, so yours is ${sanitize(published.path)}.`));
}

export async function listFiles(cli: Cli, { collab }: Target, options: PageOptions): Promise<void> {
  const files: SharedFilePage = await page(cli, '/v1/collaborations/{collab}/files', { path: { collab } }, options);
  cli.out.list(files, {
    columns: [{ title: 'PATH' }, { title: 'VERSION', align: 'right' }, { title: 'SIZE', align: 'right' }, { title: 'MEMBER' }, { title: 'PUBLISHED' }],
    row: ({ path, version, bytes, member, at }: SharedFile) => [sanitize(path), String(version), formatBytes(bytes), sanitize(member), formatWhen(at)],
    name: ({ path }) => sanitize(path),
    none: `No shared files. Publish one with \`somnus collab publish ${collab} MEMBER PATH\`.`,
  });
}

export async function printFile(cli: Cli, { collab, path }: Target & { path: string }): Promise<void> {
  const content = await (await cli.api()).open('get', '/v1/collaborations/{collab}/files/content', { path: { collab }, query: { path } });
  for await (const chunk of content as AsyncIterable<Buffer>) {
    if (cli.out.json) cli.out.item({ data: chunk.toString('base64'), encoding: 'base64' }, () => '');
    else if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
  }
}

/** Prints the result as it is, so that it can be saved. */
export async function printResult(cli: Cli, { collab }: Target, { wait }: { wait: boolean }): Promise<void> {
  const api = await cli.api();
  if (wait) await untilEnded(api, collab);
  const found = await api.call('get', '/v1/collaborations/{collab}/result', { path: { collab } });
  if (cli.out.json) cli.out.result(found, () => '');
  else process.stdout.write(process.stdout.isTTY ? `${sanitize(found.result)}\n` : found.result);
}

export async function cancelCollaboration(cli: Cli, { collab }: Target): Promise<void> {
  const found = await (await cli.api()).call('post', '/v1/collaborations/{collab}/cancel', { path: { collab } });
  cli.out.result(found, () => (cli.out.quiet ? found.name : `${found.name} is cancelled.`));
}

export async function removeCollaboration(cli: Cli, { collab }: Target): Promise<void> {
  await (await cli.api()).call('delete', '/v1/collaborations/{collab}', { path: { collab } });
  if (!cli.out.json) cli.out.line(cli.out.quiet ? sanitize(collab) : `${sanitize(collab)} was deleted.`);
}
