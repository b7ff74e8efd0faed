// Warnings and advice for a pool that fills up, for a terminal.
import type { HostStatus } from '../../client/schema.d.ts';
import { sanitize } from '../terminal/sanitize.ts';

/** What is wrong and what to do, as facts to show beside those of the pool. Empty while there is enough space. */
export function poolAdvice(pool: HostStatus['pool']): [string, string][] {
  if (pool.level === 'ok') return [];
  const { environments, snapshots } = pool.trash;
  const trash = [...(snapshots > 0 ? [`${snapshots} removed snapshot${snapshots === 1 ? '' : 's'}`] : []), ...(environments > 0 ? [`${environments} removed environment${environments === 1 ? '' : 's'}`] : [])];
  const paused = pool.paused.length === 0 ? '' : `; paused until space is free: ${pool.paused.map(sanitize).join(', ')}`;
  return [
    ['warning', pool.level === 'full' ? `the pool is full${paused}` : `the pool is ${pool.usedPercent} % used; when it is full, running VMs are paused`],
    ['free space', `${pool.backing === 'loop' ? '`somnus pool grow +20G`' : 'grow its file system'}; \`somnus snapshot ls NAME\` shows under OWN how much space \`somnus snapshot rm NAME SNAP --purge\` frees`],
    ...(trash.length === 0 ? [] : [['not purged yet', `${trash.join(' and ')}: \`somnus rm NAME --purge\`, \`somnus snapshot rm NAME SNAP --purge\``] satisfies [string, string]]),
  ];
}
