// somnus memory stats, compact, rebuild, consolidate, reload
import type { ConsolidationDiff } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { formatFacts, formatTable } from '../terminal/text-table.ts';

/** A hundred thousand memories take a while to process. */
const LONG_MS = 900_000;

type InSpace = { space: string | undefined };

export async function memoryStats(cli: Cli, _args: unknown, options: InSpace): Promise<void> {
  const api = await cli.api();
  const stats = await api.call('get', '/v1/memory/stats', { query: { space: options.space } });
  cli.out.result(stats, () => [
    formatFacts([['memories', String(stats.memories)], ['searchable', stats.mode === 'keywords' ? `${stats.chunks} chunks, by keywords only` : `${stats.chunks} chunks, ${stats.waitingForVectors} of them by keywords only so far`],
      ...stats.damaged.memories === 0 ? [] : [['damaged', `${stats.damaged.memories} memories cannot be read; restore a backup of the data`] as [string, string]], ...stats.topics.length === 0 ? [] : [['worth learning', stats.topics.map(sanitize).join(', ')] as [string, string]]]),
    '', formatTable([{ title: 'LAYER' }, { title: 'TYPE' }, { title: 'COUNT', align: 'right' }], stats.byForm.map(({ layer, type, count }) => [layer, type, String(count)])),
    '', formatTable(
      [{ title: 'CONVERSATION' }, ...['TURNS', 'SUMMARIES', 'ARCHIVES', 'SUMMARIZED', 'FULL'].map((title) => ({ title, align: 'right' as const }))],
      stats.conversations.map((one) => [sanitize(one.id), ...[one.turns, one.summaries, one.archives, one.summarizedTurns].map(String), `${Math.round(one.fullness * 100)} %`]),
    ),
  ].join('\n'));
}

export async function compactMemory(cli: Cli, _args: unknown, options: InSpace & { conversation: string | undefined }): Promise<void> {
  const api = await cli.api();
  const done = await api.call('post', '/v1/memory/compact', { body: { space: options.space, conversationId: options.conversation }, timeoutMs: LONG_MS });
  cli.out.result(done, () => `${done.summarizedTurns} turns in ${done.newSummaries} new summaries; ${done.archivedSummaries} old summaries archived`);
}

export async function rebuildMemory(cli: Cli, _args: unknown, options: InSpace & { verify: boolean; dryRun: boolean }): Promise<number> {
  const api = await cli.api();
  const done = await api.call('post', '/v1/memory/rebuild', { body: options, timeoutMs: LONG_MS });
  const verdict = { true: ', all correct', false: ', some are still wrong', null: '' }[String(done.verified) as 'true' | 'false' | 'null'];
  cli.out.result(done, () => `${done.rebuilt ? 'Rebuilt' : 'Checked'}: ${done.packs} packs, ${done.different} differed from the memories${done.vectors.checked === 0 ? '' : `; ${done.vectors.checked} vectors, ${done.vectors.different} differed`}${done.damagedPacks === 0 ? '' : `; ${done.damagedPacks} packs cannot be read`}${verdict}`);
  return done.verified === false ? exitCodes.error : exitCodes.ok;
}

export async function consolidateMemory(cli: Cli, _args: unknown, options: InSpace & { dryRun: boolean; undo: boolean; budget: number | undefined }): Promise<void> {
  const api = await cli.api();
  const { space, dryRun, budget } = options;
  if (options.undo) {
    const done = await api.call('post', '/v1/memory/consolidate/undo', { body: { space } });
    return cli.out.result(done, () => `${done.restored} memories restored`);
  }
  const diff = await api.call('post', '/v1/memory/consolidate', { body: { space, dryRun, budget }, timeoutMs: LONG_MS });
  cli.out.result(diff, () => diffText(diff, dryRun));
}

export async function reloadMemory(cli: Cli): Promise<void> {
  const api = await cli.api();
  const status = await api.call('post', '/v1/memory/reload', { timeoutMs: 120_000 });
  cli.out.result(status, () => 'Reloaded memory.yaml');
}

function diffText(diff: ConsolidationDiff, dryRun: boolean): string {
  const would = dryRun ? 'would be' : 'were';
  return [
    `${diff.examined} memories examined${diff.complete ? '' : '; run it again for the rest'}`,
    `${diff.merged.length} duplicates ${would} hidden`,
    ...diff.merged.map(({ keep, hide }) => `  ${hide} duplicates ${keep}`),
    ...diff.aliases.map(({ name, alias }) => `  ${sanitize(alias)} is another name of ${sanitize(name)}`),
    ...diff.linked.map(({ name, memories }) => `  ${sanitize(name)} is mentioned in ${memories.length}`),
    ...diff.summarized.map(({ conversationId, summaries }) => `  ${sanitize(conversationId)}: ${summaries} summaries`),
    ...(diff.topics.length === 0 ? [] : [`worth learning: ${diff.topics.map(sanitize).join(', ')}`]),
  ].join('\n');
}
