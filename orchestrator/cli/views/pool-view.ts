// What a pool that fills up asks for, on a terminal.
import type { HostStatus } from '../../host/host.ts';
import { sanitize } from '../terminal/sanitize.ts';

/** Facts beside those of the pool: what is wrong, and the next steps. None while there is room. */
export function poolAdvice(pool: HostStatus['pool']): [string, string][] {
  if (pool.level === 'ok') return [];
  const { environments, snapshots } = pool.trash;
  const trash = [...(snapshots > 0 ? [`${snapshots} removed snapshot${snapshots === 1 ? '' : 's'}`] : []), ...(environments > 0 ? [`${environments} removed environment${environments === 1 ? '' : 's'}`] : [])];
  const paused = pool.paused.length === 0 ? '' : `; paused until there is room: ${pool.paused.map(sanitize).join(', ')}`;
  return [
    ['warning', pool.level === 'full' ? `the pool is full${paused}` : `the pool is ${pool.usedPercent} % used; when it is full, running VMs are paused`],
    ['make room', `${pool.backing === 'loop' ? '`somnus pool grow +20G`' : 'grow the file system it is on'}; \`somnus snapshot ls NAME\` shows under OWN what \`somnus snapshot rm NAME SNAP --purge\` gives back`],
    ...(trash.length === 0 ? [] : [['in the trash', `${trash.join(' and ')}: \`somnus rm NAME --purge\`, \`somnus snapshot rm NAME SNAP --purge\``] satisfies [string, string]]),
  ];
}
