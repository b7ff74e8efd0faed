// somnus recover, which `doctor --fix` runs too: asks what to do with each VM that no record knows and each record without a VM, and does it.
import { toSomnusError, SomnusError } from '../../../common/errors.ts';
import type { DoctorReport, QuarantineItem } from '../../client/schema.d.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { exitCodeOf, exitCodes } from '../exit-codes.ts';
import { followOperations } from '../follow-operations.ts';
import { operationFailure } from '../operation-outcome.ts';
import { askOneOf, askYes } from '../terminal/confirm.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { adoptedSentence, adoptItem, deleteItem, itemSentence, takeUnknown } from './quarantine.ts';

/** The doctor boots a test guest and waits for busy services. */
export const DOCTOR_TIMEOUT_MS = 180_000;

interface StaleRecord { id: string; name: string }
type Decision = 'adopt' | 'delete' | 'keep' | 'remove the record';
/** One item and what was done with it. */
interface Fixed { id: string; kind: string; name: string | null; decision: Decision; result: unknown }

export async function recover(cli: Cli, _args: unknown, { yes }: { yes: boolean }): Promise<number> {
  return await decideAll(cli, await (await cli.api()).call('get', '/v1/host/doctor', { timeoutMs: DOCTOR_TIMEOUT_MS }), yes);
}

/** Returns the exit code of the first failure. With `yes`, restores what can be restored and deletes nothing. */
export async function decideAll(cli: Cli, report: DoctorReport, yes: boolean): Promise<number> {
  const api = await cli.api();
  const held = Number(report.checks.find(({ name }) => name === 'quarantine')?.details['unknown'] ?? 0);
  const items = (held > 0 ? await takeHeld(cli, api, held, yes) : undefined) ?? (await api.call('get', '/v1/quarantine')).items;
  const staleRecords = (report.checks.find(({ name }) => name === 'quarantine')?.details['staleRecords'] ?? []) as StaleRecord[];
  if (items.length > 0 || staleRecords.length > 0) {
    if (!yes && !process.stdin.isTTY) throw new SomnusError('invalid_request', 'There is no terminal to ask on', { hint: 'Add --yes to restore what can be restored and delete nothing, or use `somnus quarantine` for each item.' });
  }
  const fixed: Fixed[] = [];
  let code: number = exitCodes.ok;
  const carryOut = async (about: Omit<Fixed, 'decision' | 'result'>, decision: Decision, work: () => Promise<unknown>, says: (result: never) => string): Promise<void> => {
    try {
      const result = await work();
      fixed.push({ ...about, decision, result });
      cli.out.note(`  ${says(result as never)}`);
    } catch (thrown) {
      const error = toSomnusError(thrown);
      if (code === exitCodes.ok) code = exitCodeOf[error.code];
      fixed.push({ ...about, decision, result: { error: error.message, code: error.code } });
      cli.out.failure(error, about.name ?? about.id);
    }
  };
  for (const item of environmentsFirst(items)) {
    cli.out.note(itemSentence(item));
    const { id, kind, name } = item;
    switch (await decide(item, yes)) {
      case 'adopt': await carryOut({ id, kind, name }, 'adopt', async () => await adoptItem(api, id), adoptedSentence); break;
      case 'delete': await carryOut({ id, kind, name }, 'delete', async () => { await deleteItem(api, id); return null; }, () => 'deleted'); break;
      default: await carryOut({ id, kind, name }, 'keep', async () => await Promise.resolve(null), () => `kept; \`somnus quarantine rm ${id}\` deletes it`);
    }
  }
  for (const { id, name } of staleRecords) {
    cli.out.note(`record ${sanitize(name)}: its VM's folder is not in the pool; ${sanitize(name)} works again once the folder is back`);
    const remove = !yes && await askOneOf('Remove the record, or keep it?', ['remove', 'keep'], 'keep') === 'remove' && await askYes(`Remove the record of ${sanitize(name)}?`);
    if (remove) await carryOut({ id, kind: 'record', name }, 'remove the record', async () => await removeRecord(cli, api, id), () => 'removed');
    else await carryOut({ id, kind: 'record', name }, 'keep', async () => await Promise.resolve(null), () => `kept; \`somnus rm ${sanitize(name)} --purge\` removes it`);
  }
  cli.out.result({ fixed }, () => (fixed.length === 0 ? 'Nothing needs a decision.' : `${fixed.filter(({ decision }) => decision !== 'keep').length} done, ${fixed.filter(({ decision }) => decision === 'keep').length} kept.`));
  return code;
}

/** For a database that does not know most VMs. @returns the quarantine's contents afterwards; undefined when nothing is to change */
async function takeHeld(cli: Cli, api: ApiClient, held: number, yes: boolean): Promise<QuarantineItem[] | undefined> {
  if (!yes && !process.stdin.isTTY) throw new SomnusError('invalid_request', 'There is no terminal to ask on', { hint: 'If the right database is lost, add --yes: the VMs that this database does not know are hibernated and adopted as environments.' });
  cli.out.note(`${held} VMs on this host are unknown to the database. If this is the wrong database, restore the right one instead.`);
  if (!yes && !(await askYes('Is the right database lost? Hibernate these VMs and move them to quarantine?'))) return undefined;
  return (await takeUnknown(api)).items;
}

async function decide(item: QuarantineItem, yes: boolean): Promise<Decision> {
  const safe = item.adoptable ? 'adopt' : 'keep';
  if (yes) return safe;
  const decision = await askOneOf(item.adoptable ? 'Adopt it, delete it, or keep it?' : 'Delete it, or keep it?', item.adoptable ? ['adopt', 'delete', 'keep'] as const : ['delete', 'keep'] as const, safe);
  return decision === 'delete' && !(await askYes('Delete it?')) ? 'keep' : decision;
}

/** Snapshots can only be restored into an existing environment. */
function environmentsFirst(items: readonly QuarantineItem[]): QuarantineItem[] {
  return items.toSorted((a, b) => Number(a.kind !== 'environment') - Number(b.kind !== 'environment'));
}

async function removeRecord(cli: Cli, api: ApiClient, id: string): Promise<null> {
  const { operation } = await api.call('delete', '/v1/environments/{ref}', { path: { ref: id }, query: { purge: true } });
  if (operation === null) return null;
  const [ended = operation] = await followOperations(cli, [operation]);
  const failure = operationFailure(ended);
  if (failure) throw failure;
  return null;
}
