// Measures the rules of fact checks and deep dives on generated webs of 60 pages with planted statements (tests/support/planted-web.ts), and on pairs of claim and sentence that were written after the rules.
// The wordings of the generated statements were known when the rules were written; the pairs were not. Neither shows how well the rules do on real pages.
// npm run bench:fact-check -- [--webs 20] [--from SEED]   The last line is JSON.
import { parseArgs } from 'node:util';
import { parseDocument } from '../../orchestrator/reading/documents/parse-document.ts';
import type { Capture } from '../../orchestrator/research/capture.ts';
import { findEvidence } from '../../orchestrator/research/evidence/find-evidence.ts';
import type { ReadPage } from '../../orchestrator/research/evidence/page-sentences.ts';
import { findFindings } from '../../orchestrator/research/evidence/find-findings.ts';
import { injectionsIn } from '../../orchestrator/research/evidence/injections.ts';
import { statementsOf } from '../../orchestrator/research/evidence/statements.ts';
import { parseClaim, parseSentence, stanceOf } from '../../orchestrator/research/evidence/stance.ts';
import { checkedClaim } from '../../orchestrator/research/evidence/verdict.ts';
import { plantedWeb, type Planted, type PlantedPage, type PlantedWeb } from '../support/planted-web.ts';
import pairs from '../unit/research/stance-pairs.json' with { type: 'json' };

const { values } = parseArgs({ options: { webs: { type: 'string', default: '20' }, from: { type: 'string', default: '1000' } } });

interface Count { right: number; of: number }
const counts = new Map<string, Count>();
const add = (name: string, right: boolean): void => {
  const count = counts.get(name) ?? { right: 0, of: 0 };
  counts.set(name, { right: count.right + Number(right), of: count.of + 1 });
};
const expected: Readonly<Record<Planted['role'], 'supports' | 'refutes' | undefined>> = { agrees: 'supports', invented: 'supports', contradicts: 'refutes', copy: 'refutes', outdated: 'refutes', injected: undefined };

let ms = 0;
for (let seed = Number(values.from); seed < Number(values.from) + Number(values.webs); seed += 1) {
  const web = plantedWeb(seed);
  const pages: ReadPage[] = [];
  for (const page of web.pages) pages.push(await read(page));
  const started = performance.now();
  const evidence = await findEvidence(web.claims.map(({ text }) => text), pages);
  ms += performance.now() - started;
  await measureDive('questions', web, web.claims.map(({ question }) => question), pages);
  await measureDive('topics', web, web.claims.map(({ entity }) => `The ${entity}`), pages);
  for (const [claim, { text, verdict }] of web.claims.entries()) add('verdicts', checkedClaim(text, evidence.filter((entry) => entry.claim === claim)).verdict === verdict);
  for (const { host, planted } of web.pages) {
    for (const { claim, role } of planted) add(`pages that are ${role}`, evidence.find((entry) => entry.claim === claim && entry.captureId === host)?.stance === expected[role]);
  }
  for (const { captureId, claim, span, quote } of evidence) {
    add('quotes that are where they say', pages.find(({ capture }) => capture.id === captureId)?.text.slice(span.start, span.end) === quote);
    add('evidence that was planted', web.pages.some(({ host, planted }) => host === captureId && planted.some((one) => one.claim === claim)));
  }
}

/** How well a deep dive finds what is planted, and the contradictions in it. */
async function measureDive(name: string, web: PlantedWeb, questions: readonly string[], pages: readonly ReadPage[]): Promise<void> {
  const findings = await findFindings(questions, pages);
  const statements = await statementsOf(questions, findings);
  const all = web.pages.flatMap(({ host, planted }) => planted.map((one) => {
    const ids = findings.filter(({ question, captureId, quote }) => question === one.claim && captureId === host && quote.includes(one.sentence)).map(({ id }) => id);
    return { ...one, ids, at: statements.findIndex(({ findings: own }) => own.some((id) => ids.includes(id))) };
  }));
  for (const { claim, role, ids, at } of all) {
    add(`${name}: ${role === 'injected' ? 'injections left out' : 'statements found'}`, (ids.length > 0) === (role !== 'injected'));
    const agreeing = all.filter((one) => one.claim === claim && one.role === 'agrees');
    if (role === 'agrees') add(`${name}: agreeing statements joined`, agreeing.every((one) => one.at === at && at >= 0));
    if (role === 'contradicts' || role === 'copy' || role === 'outdated') add(`${name}: contradictions found`, agreeing.some((one) => statements[at]?.contradicts.includes(one.at)));
  }
}

let [right, given, wanted] = [0, 0, 0];
for (const [claim = '', sentence = '', stance] of pairs) {
  const found = stanceOf(parseClaim(claim), parseSentence(sentence, ''))?.stance;
  if (found !== undefined) given += 1;
  if (stance !== 'nothing') wanted += 1;
  if (found === stance) right += 1;
}
const shares = Object.fromEntries([...counts].map(([name, { right: good, of }]) => [name, `${good}/${of}`]));
console.log(JSON.stringify({ webs: Number(values.webs), ...shares, msPerWeb: Math.round(ms / Number(values.webs)), pairs: pairs.length, precision: Number((right / given).toFixed(3)), recall: Number((right / wanted).toFixed(3)) }));

async function read({ host, path, html }: PlantedPage): Promise<ReadPage> {
  const url = `http://${host}${path}`;
  const { title, authors, published, text } = await parseDocument(Buffer.from(html), { mediaType: 'text/html', url });
  const capture: Capture = {
    id: host, url, finalUrl: url, status: 200, state: 'read', blocker: null, retryAt: null, reason: null, contentHash: host, textHash: host, bytes: html.length, mediaType: 'text/html', kind: 'page', title, authors, published, language: 'en', confidence: null,
    injections: await injectionsIn(text), fetchedAt: '2026-01-01T00:00:00.000Z', checkedAt: '2026-01-01T00:00:00.000Z',
  };
  return { capture, text };
}
