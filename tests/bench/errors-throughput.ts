// Measures lines a second on one thread: known templates, and new ones by the rules and by the embedding engine.
// CPU time is given beside wall time, because other work on the host lengthens the latter.
import { LineClassifier } from '../../agent/errors/line-classifier.ts';
import type { Engine } from '../../agent/contract/engine.ts';
import { openEngine } from './errors-model.ts';

export interface Rate { lines: number; perSecond: number; perCpuSecond: number }
export interface Throughput { knownTemplates: Rate; newTemplatesByRules: Rate; newTemplatesEmbedded?: Rate }

const KNOWN = 200_000;
const NEW_BY_RULES = 60_000;
const NEW_EMBEDDED = 400;

export async function throughput(texts: readonly string[], engine: Engine, model: string | undefined): Promise<Throughput> {
  const known = new LineClassifier();
  for (const text of texts) known.classifyNow(text);
  run(known, texts, 20_000, (text) => text);
  const knownTemplates = run(known, texts, KNOWN, (text, at) => text.replace(/\d{2,}/, (number) => String(Number(number) + at)));
  const rules = new LineClassifier(undefined, 1000);
  run(rules, texts, 20_000, withNewWord('warm'));
  const newTemplatesByRules = run(rules, texts, NEW_BY_RULES, withNewWord('item'));
  if (engine === 'rules') return { knownTemplates, newTemplatesByRules };
  const opened = await openEngine(model);
  const embedding = new LineClassifier(opened.engine);
  for (const text of texts.slice(0, 20)) await embedding.classify(`${text} warm`);
  const started = begin();
  for (let at = 0; at < NEW_EMBEDDED; at += 1) await embedding.classify(withNewWord('item')(texts[at % texts.length]!, at));
  const newTemplatesEmbedded = started(NEW_EMBEDDED);
  await opened.close();
  return { knownTemplates, newTemplatesByRules, newTemplatesEmbedded };
}

/** Letters are part of a template, so a word of letters makes it new. */
function withNewWord(prefix: string): (text: string, at: number) => string {
  return (text, at) => `${text} ${prefix}${String(at).replaceAll(/\d/g, (digit) => 'ghijklmnop'.charAt(Number(digit)))}`;
}

function run(classifier: LineClassifier, texts: readonly string[], count: number, vary: (text: string, at: number) => string): Rate {
  const lines = Array.from({ length: count }, (_, at) => vary(texts[at % texts.length]!, at));
  const finish = begin();
  for (const line of lines) classifier.classifyNow(line);
  return finish(count);
}

function begin(): (lines: number) => Rate {
  const wall = performance.now();
  const cpu = process.cpuUsage();
  return (lines) => {
    const seconds = (performance.now() - wall) / 1000;
    const used = process.cpuUsage(cpu);
    return { lines, perSecond: Math.round(lines / seconds), perCpuSecond: Math.round(lines / ((used.user + used.system) / 1e6)) };
  };
}
