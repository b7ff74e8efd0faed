// Shows where an action runs, and why.
import type { Decision } from '../../client/schema.d.ts';
import type { Output } from '../terminal/output.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { formatFacts, formatTable } from '../terminal/text-table.ts';

/** The choice and its cautions, then all contexts with their points, then the rules that matched. */
export function decisionText({ context, class: kind, reason, programs, traits, matched, alternatives, cautions }: Decision, out: Pick<Output, 'paint'>): string {
  const facts = formatFacts([
    ['context', out.paint('bold', context)], ['class', kind], ['reason', sanitize(reason)], ['programs', programs.length === 0 ? '-' : sanitize(programs.join(', '))], ['traits', traits.length === 0 ? '-' : traits.join(', ')],
    ...(cautions.length === 0 ? [] : [['cautions', out.paint('yellow', cautions.join(', '))] as const]),
  ]);
  const contexts = formatTable([{ title: 'CONTEXT' }, { title: 'POINTS', align: 'right' }, { title: 'UNAVAILABLE' }], alternatives.map(({ context: name, score, unavailable }) => [name, String(score), unavailable === null ? '' : sanitize(unavailable)]));
  const rules = formatTable([{ title: 'RULE' }, { title: 'PROGRAM' }, { title: 'POINTS' }, { title: 'WHY' }], matched.map(({ rule, why, program, scores }) => [
    rule, program === null ? '-' : sanitize(program), Object.entries(scores).map(([name, score]) => `${name} ${score > 0 ? '+' : ''}${score}`).join(', ') || '-', sanitize(why),
  ]));
  return `${facts}\n\n${contexts}\n\n${rules}`;
}
