// Classifies an entry by rules: benign forms first, then the deepest cause, then the whole text.
import type { LogEntry } from './reading/log-entry.ts';
import { rules } from './rules/all.ts';
import { benignLines, benignPhrases } from './rules/benign.ts';
import { weights, type Rule } from './rules/rule.ts';
import type { Evidence, Verdict } from './verdict.ts';

interface Match { rule: Rule; text: string }

const benign = Object.entries(benignLines);
/** Words without which no phrase has to be removed. */
const suspicious = /err|fail|fault|problem|warn|vulnerab|crash|conflict|issue|corrupt|broken|leak|missing|unreachable|panic|exception|oops|retr|timeout|tls hand|alloc|shuffle|degraded|unhealthy|infected|oom|reject|dropped|overrun|early|fatal|stop/;

/** The parts of a long text that rules look at: they bound the time that a pattern can take. */
const HEAD = 3000;
const TAIL = 1000;

function bounded(text: string): string {
  return (text.length <= HEAD + TAIL ? text : `${text.slice(0, HEAD)}\n${text.slice(-TAIL)}`).toLowerCase();
}

/** The text that rules look at: lower case, without phrases that only look like errors. */
export function searchable(text: string): string {
  let lower = bounded(text);
  if (!suspicious.test(lower)) return lower;
  for (const phrase of benignPhrases) lower = lower.replace(phrase, ' ');
  return lower;
}

/** The strongest rule that matches, or undefined. */
function firstMatch(lower: string): Match | undefined {
  for (const rule of rules) {
    const found = rule.pattern.exec(lower);
    if (found !== null) return { rule, text: found[0] };
  }
  return undefined;
}

/** The id of the benign form that an entry has, if any. */
export function benignForm(entry: LogEntry): string | undefined {
  if (entry.cause !== undefined) return undefined;
  const lower = bounded(entry.text);
  return benign.find(([, pattern]) => pattern.test(lower))?.[0];
}

export function classifyByRules(entry: LogEntry): Verdict {
  const form = benignForm(entry);
  if (form !== undefined) return verdict('NONE', 0.9, [{ label: 'NONE', kind: 'rule', source: `none/${form}`, text: '', weight: 0.9 }]);
  const best = strongest(entry);
  if (best === undefined) return verdict('NONE', 0.7, []);
  const weight = weights[best.rule.strength];
  // What a program itself calls information or debugging is an error only if it names a cause.
  const calm = entry.level === 'info' || entry.level === 'debug';
  if (calm && best.rule.strength !== 'certain') return verdict('NONE', 0.6, [evidenceOf(best)]);
  if (entry.level === 'warning' && best.rule.strength === 'weak') return verdict('NONE', 0.5, [evidenceOf(best)], true);
  return verdict(best.rule.label, calm ? weight - 0.2 : weight, [evidenceOf(best)]);
}

/** The deepest cause decides, unless it says nothing specific and the text around it does. */
function strongest(entry: LogEntry): Match | undefined {
  const cause = entry.cause === undefined ? undefined : firstMatch(searchable(entry.cause));
  if (cause !== undefined && cause.rule.label !== 'RUNTIME_ERROR') return cause;
  const whole = firstMatch(searchable(entry.text));
  return cause !== undefined && whole?.rule.strength !== 'certain' ? cause : whole;
}

function evidenceOf({ rule, text }: Match): Evidence {
  return { label: rule.label, kind: 'rule', source: rule.id, text: text.slice(0, 200), weight: weights[rule.strength] };
}

function verdict(label: Verdict['label'], confidence: number, evidence: Evidence[], abstained = false): Verdict {
  return { engine: 'rules', label, confidence, abstained, evidence };
}
