// somnus session …: what happened in an environment since it was created.
import { once } from 'node:events';
import { SomnusError } from '../../../common/errors.ts';
import type { DevSession, SessionEntry, SessionPage } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { page, type PageOptions } from '../paging.ts';
import { formatWhen } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { eventSentence, localTime } from '../views/event-view.ts';

interface Target { name: string }

const PATH = '/v1/environments/{ref}/session/log';

export async function showSession(cli: Cli, { name }: Target): Promise<void> {
  const session: DevSession = await (await cli.api()).call('get', '/v1/environments/{ref}/session', { path: { ref: name } });
  cli.out.result(session, () => sessionText(session));
}

function sessionText({ name, state, openedAt, continuedAt, lastAt, counts, files, links, memories, rememberActions }: DevSession): string {
  const entries = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`).join(', ');
  return [
    `${name} (${state})`,
    `Opened:          ${localTime(openedAt)}`,
    `Continued:       ${localTime(continuedAt)}`,
    ...(lastAt === null ? [] : [`Last entry:      ${formatWhen(lastAt)}`]),
    `Entries:         ${entries === '' ? 'none' : entries}`,
    ...(files.length === 0 ? [] : [`Files:           ${files.map(sanitize).join(', ')}`]),
    ...(links.forkedFrom === null ? [] : [`Forked from:     ${sanitize(links.forkedFrom)}`]),
    ...(links.collaborations.length === 0 ? [] : [`Collaborations:  ${links.collaborations.map(sanitize).join(', ')}`]),
    `Memories:        ${memories === null ? 'locked' : memories.length}`,
    `Actions:         ${rememberActions ? 'remembered as tool results' : 'not remembered'}`,
  ].join('\n');
}

export async function sessionLog(cli: Cli, { name }: Target, options: PageOptions): Promise<void> {
  const last = !options.all && options.cursor === undefined;
  const found: SessionPage = await page(cli, PATH, { path: { ref: name }, query: { last } }, options);
  if (last && found.items.length > 0) cli.out.note('The newest entries; --all prints the whole session.');
  cli.out.list(found, {
    columns: [{ title: 'AT' }, { title: 'KIND' }, { title: 'WHAT' }],
    row: (entry: SessionEntry) => [localTime(entry.at), entry.kind, sentenceOf(name, entry)],
    name: ({ cursor }) => cursor,
    none: 'No entries.',
  });
}

export async function setSession(cli: Cli, { name, setting }: Target & { setting: string }): Promise<void> {
  if (setting !== 'on' && setting !== 'off') throw new SomnusError('invalid_request', `"${setting}" is neither on nor off`, { hint: `Use \`somnus session remember-actions ${name} on\`.` });
  const session = await (await cli.api()).call('put', '/v1/environments/{ref}/session', { path: { ref: name }, body: { rememberActions: setting === 'on' } });
  cli.out.result(session, () => sessionText(session));
}

/** Writes the whole session to standard output. */
export async function exportSession(cli: Cli, { name }: Target, { format = 'jsonl' }: { format: 'jsonl' | 'markdown' | undefined }): Promise<void> {
  const api = await cli.api();
  const session: DevSession = await api.call('get', '/v1/environments/{ref}/session', { path: { ref: name } });
  const write = async (line: string): Promise<void> => { if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain'); };
  await write(format === 'jsonl' ? JSON.stringify({ session }) : `# Session of ${session.name}\n\nOpened ${session.openedAt}, last continued ${session.continuedAt}.`);
  let day = '';
  for await (const entry of api.items(PATH, { path: { ref: name } })) {
    if (format === 'jsonl') {
      await write(JSON.stringify(entry));
      continue;
    }
    const [date = '', time = ''] = entry.at.split('T');
    if (date !== day) await write(`\n## ${date}\n`);
    day = date;
    await write(`- ${time.slice(0, 8)} ${markdown(sentenceOf(name, entry))}`);
  }
}

function sentenceOf(name: string, { kind: _kind, ...entry }: SessionEntry): string {
  return sanitize(eventSentence({ ...entry, owner: null, subject: { type: 'environment', id: '', name } }));
}

/** Text from guests must not become markup. */
function markdown(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>#|]/g, '\\$&');
}
