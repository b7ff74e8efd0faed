// Shows the answer of the browser as text. What it says comes from a page.
import type { BrowserAct, BrowserAnswer, PageMap } from '../../client/schema.d.ts';
import { formatBytes } from '../terminal/humanize.ts';
import { sanitize, sanitizeConsole } from '../terminal/sanitize.ts';
import { formatTable } from '../terminal/text-table.ts';

export function browserText(act: BrowserAct['act'], answer: BrowserAnswer): string {
  const { tabs, blocker, snapshot, files, fields, annotations, map, dialogs } = answer;
  const current = tabs.find((tab) => tab.current);
  const shown = current === undefined || act === 'tabs' ? [] : [`${sanitize(current.title === '' ? current.url : `${current.title} · ${current.url}`)}${tabs.length > 1 ? ` (tab ${current.index} of ${tabs.length})` : ''}`];
  return [
    ...shown,
    ...(act === 'tabs' ? [formatTable([{ title: 'TAB' }, { title: 'TITLE' }, { title: 'URL' }], tabs.map((tab) => [`${tab.index}${tab.current ? ' *' : ''}`, sanitize(tab.title), sanitize(tab.url)]))] : []),
    ...(blocker === null ? [] : [`Blocked: ${blocker.kind} (${sanitize(blocker.detail)})${blocker.retryAt === null ? '' : `; try again at ${blocker.retryAt}`}`]),
    ...dialogs.map(({ type, message, accepted }) => `Dialog (${sanitize(type)}, ${accepted ? 'accepted' : 'dismissed'}): ${sanitize(message)}`),
    ...(fields ?? []).map(({ field, value, problem }) => `${sanitize(field)}: ${sanitize(value)}${problem === null ? '' : `  not valid: ${sanitize(problem)}`}`),
    ...files.map(({ path, sizeBytes }) => `${sanitize(path)} (${formatBytes(sizeBytes)})`),
    ...(annotations ?? []).map(({ number, ref, role, name }) => `${number}  ${sanitize(ref)}  ${sanitize(role)} ${sanitize(name)}`),
    ...(answer.value === undefined ? [] : [sanitizeConsole(JSON.stringify(answer.value, null, 2))]),
    ...(map === null ? [] : [mapText(map)]),
    ...(snapshot === null ? [] : [sanitizeConsole(snapshot.text), ...(snapshot.omittedLines === 0 ? [] : [`… ${snapshot.omittedLines} more lines: use --max-tokens, \`snapshot REF\` or \`snapshot --find TEXT\`.`])]),
  ].filter((line) => line !== '').join('\n');
}

function mapText({ landmarks, headings, tables, forms, overlays, pagination }: PageMap): string {
  const at = (ref: string | null): string => (ref === null ? '' : ` [${sanitize(ref)}]`);
  return [
    ...overlays.map(({ kind, text, buttons }) => `Covered (${kind}): ${sanitize(text).slice(0, 120)}; ${buttons.map(({ name, ref }) => `${sanitize(name)}${at(ref)}`).join(', ')}`),
    ...landmarks.map(({ role, name, ref }) => `${sanitize(role)} ${sanitize(name)}${at(ref)}`),
    ...headings.map(({ level, text, ref }) => `${'#'.repeat(level)} ${sanitize(text)}${at(ref)}`),
    ...forms.flatMap(({ name, method, action, fields, buttons }) => [
      `Form ${sanitize(name)} ${method} ${sanitize(action)}`.trimEnd(),
      ...fields.map(({ label, name: own, type, value, required, ref }) => `  ${sanitize(label === '' ? own : label)} (${sanitize(type)}${required ? ', required' : ''})${at(ref)}${value === '' ? '' : ` = ${sanitize(value)}`}`),
      ...(buttons.length === 0 ? [] : [`  Buttons: ${buttons.map(({ name: text, ref }) => `${sanitize(text)}${at(ref)}`).join(', ')}`]),
    ]),
    ...tables.flatMap(({ caption, header, rows, totalRows }) => [`Table ${sanitize(caption)} (${totalRows} rows)`.replace('  ', ' '), formatTable(header.map((title) => ({ title: sanitize(title) })), rows.slice(0, 20).map((row) => row.map(sanitize)))]),
    ...(pagination === null ? [] : [`Pages: ${pagination.current === null ? '' : `now ${sanitize(pagination.current)}, `}next${at(pagination.next)} ${sanitize(pagination.nextUrl ?? '-')}`]),
  ].join('\n');
}
