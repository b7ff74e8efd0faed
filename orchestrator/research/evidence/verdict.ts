// Turns evidence into a verdict: counts and weighs independent sources, and shows both sides. Pure.
import type { CheckedClaim } from '../runs/research-report.ts';
import type { Evidence } from './evidence.ts';

/** One source alone decides nothing. */
const MIN_SOURCES = 2;
/** If the weaker side has at least this share of the weight, the verdict is `conflicting`. */
const CONFLICT_SHARE = 0.25;

export function checkedClaim(claim: string, evidence: readonly Evidence[]): CheckedClaim {
  const [supports, refutes] = [sourcesOf(evidence, 'supports'), sourcesOf(evidence, 'refutes')];
  const [forIt, against] = [total(supports), total(refutes)];
  const common = { claim, supportingSources: supports.size, refutingSources: refutes.size, balance: forIt + against === 0 ? null : Number((forIt / (forIt + against)).toFixed(3)), evidence: [...evidence] };
  const outdated = evidence.filter((entry) => entry.outdated).length;
  const notes = outdated === 0 ? '' : `; ${outdated} outdated`;
  if (evidence.length === 0) return { ...common, verdict: 'not enough evidence', explanation: 'No evidence was found.' };
  const counts = `${count(supports.size)} support${supports.size === 1 ? 's' : ''} it, ${count(refutes.size)} refute${refutes.size === 1 ? 's' : ''} it${notes}.`;
  if (Math.min(forIt, against) >= (forIt + against) * CONFLICT_SHARE) return { ...common, verdict: 'conflicting', explanation: `Sources contradict each other: ${counts}` };
  const [winner, verdict] = forIt > against ? [supports, 'supported' as const] : [refutes, 'refuted' as const];
  if (winner.size < MIN_SOURCES) return { ...common, verdict: 'not enough evidence', explanation: `Only one independent source: ${counts}` };
  return { ...common, verdict, explanation: counts[0]!.toUpperCase() + counts.slice(1) };
}

/** The weight of each source: that of its best entry. */
function sourcesOf(evidence: readonly Evidence[], stance: Evidence['stance']): Map<string, number> {
  const weights = new Map<string, number>();
  for (const entry of evidence) if (entry.stance === stance) weights.set(entry.source, Math.max(weights.get(entry.source) ?? 0, entry.weight));
  return weights;
}

function total(sources: ReadonlyMap<string, number>): number {
  return [...sources.values()].reduce((sum, weight) => sum + weight, 0);
}

function count(sources: number): string {
  return `${sources === 0 ? 'no' : sources} source${sources === 1 ? '' : 's'}`;
}
