// A user's own workflow: a YAML document with steps and parameters. Pure; the store is sqlite-workflows.ts.
import { parse } from 'yaml';
import { z } from 'zod';
import { SomnusError } from '../../../common/errors.ts';
import { Name } from '../../../common/ids.ts';
import { builtInWorkflows, runLimits, SearchEngines, Texts, Url, Writer } from '../runs/run-limits.ts';

const Word = z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/, 'must consist of lower-case letters, digits, _ and -, and start with a letter');
const Parameter = z.strictObject({ description: z.string().max(500).default(''), default: z.string().max(1000).optional() });
const stepKinds = { search: 0, collect: 0, extract: 1, 'fact-check': 1, report: 2 } as const;
type StepKind = keyof typeof stepKinds;

const Step = z.strictObject({
  search: z.strictObject({ queries: Texts }).optional().meta({ description: 'Asks search engines, and collects what they find.' }),
  collect: z.strictObject({ urls: z.array(Url).min(1).max(500) }).optional().meta({ description: 'Collects pages, and those that feeds and sitemaps list.' }),
  extract: z.strictObject({ questions: Texts }).optional().meta({ description: 'Finds the sentences that answer questions.' }),
  'fact-check': z.strictObject({ claims: Texts }).optional().meta({ description: 'Finds the sentences that support or refute claims.' }),
  report: z.strictObject({ writer: Writer.optional() }).optional().meta({ description: 'Says who writes the report; without this step, as a deep dive does.' }),
}).refine((step) => Object.keys(step).length === 1, 'must be exactly one of search, collect, extract, fact-check, report');

export const WorkflowDocument = z.strictObject({
  name: Name.refine((name) => !builtInWorkflows.includes(name), 'is the name of a built-in workflow'),
  description: z.string().max(1000).default(''),
  parameters: z.record(Word, Parameter).default({}),
  settings: z.strictObject({ engines: SearchEngines, ...runLimits }).prefault({}),
  steps: z.array(Step).min(1).max(50).refine((steps) => steps.map(phaseOf).every((phase, at, all) => at === 0 || phase >= all[at - 1]!), 'must be in this order: search and collect, extract and fact-check, report')
    .refine((steps) => steps.some((step) => phaseOf(step) === 0), 'need a search or collect step, because the others read its pages')
    .refine((steps) => steps.filter((step) => step.report !== undefined).length <= 1, 'may have only one report step'),
});
export type WorkflowDocument = z.infer<typeof WorkflowDocument>;

/** A stored version of a workflow. */
export const Workflow = z.strictObject({
  name: z.string(),
  version: z.int().min(1),
  versions: z.array(z.int()).meta({ description: 'All stored versions, newest first.' }),
  description: z.string(),
  parameters: z.record(z.string(), Parameter),
  createdAt: z.iso.datetime(),
  source: z.string().meta({ description: 'The YAML as it was added.' }),
});
export type Workflow = z.infer<typeof Workflow>;

function phaseOf(step: object): number {
  return stepKinds[Object.keys(step)[0] as StepKind] ?? 0;
}

const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** @throws SomnusError `invalid_request` that names the place of the mistake */
export function parseWorkflow(source: string): WorkflowDocument {
  const document = checked(WorkflowDocument, parsedYaml(source));
  const used = new Set(textsOf(document.steps).flatMap((text) => [...text.matchAll(placeholder)].map(([, name = '']) => name)));
  const unknown = [...used].find((name) => !Object.hasOwn(document.parameters, name));
  if (unknown !== undefined) throw new SomnusError('invalid_request', `A step uses {{${unknown}}}, which is not a parameter of the workflow`, { hint: `Declare it under parameters${used.size > 1 ? '' : ', or correct the name'}.` });
  return document;
}

/** The document with all placeholders replaced. @throws SomnusError `invalid_request` for missing, unknown or unusable values */
export function withParameters(document: WorkflowDocument, given: Readonly<Record<string, string>>): WorkflowDocument {
  const known = Object.keys(document.parameters);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new SomnusError('invalid_request', `The workflow ${document.name} has no parameter ${JSON.stringify(unknown)}`, { hint: known.length === 0 ? 'It has none.' : `It has: ${known.join(', ')}.` });
  const values = new Map(Object.entries(document.parameters).map(([name, { default: standard }]) => [name, Object.hasOwn(given, name) ? given[name] : standard]));
  const missing = [...values].find(([, value]) => value === undefined)?.[0];
  if (missing !== undefined) throw new SomnusError('invalid_request', `The workflow ${document.name} needs the parameter ${missing}`, { hint: `Add --set ${missing}=VALUE. ${document.parameters[missing]?.description ?? ''}`.trim() });
  const replaced = (text: string, encode: (value: string) => string): string => text.replace(placeholder, (_, name: string) => encode(values.get(name) ?? ''));
  const plain = (texts: readonly string[]): string[] => texts.map((text) => replaced(text, (value) => value));
  const steps = document.steps.map((step) => ({
    ...step,
    ...(step.search === undefined ? {} : { search: { queries: plain(step.search.queries) } }),
    ...(step.collect === undefined ? {} : { collect: { urls: step.collect.urls.map((url) => replaced(url, encodeURIComponent)) } }),
    ...(step.extract === undefined ? {} : { extract: { questions: plain(step.extract.questions) } }),
    ...(step['fact-check'] === undefined ? {} : { 'fact-check': { claims: plain(step['fact-check'].claims) } }),
  }));
  return checked(WorkflowDocument, { ...document, steps });
}

function textsOf(steps: WorkflowDocument['steps']): string[] {
  return steps.flatMap((step) => [...step.search?.queries ?? [], ...step.collect?.urls ?? [], ...step.extract?.questions ?? [], ...step['fact-check']?.claims ?? []]);
}

function parsedYaml(source: string): unknown {
  try {
    return parse(source, { maxAliasCount: 100 });
  } catch (cause) {
    throw new SomnusError('invalid_request', `The workflow is not YAML: ${(cause as Error).message.split('\n')[0]}`, { hint: 'See docs/research.md for an example.', cause });
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const { data, error } = schema.safeParse(value);
  const [issue] = error?.issues ?? [];
  if (issue === undefined) return data as T;
  throw new SomnusError('invalid_request', `The workflow is invalid${issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`}: ${issue.message}`, { hint: 'See docs/research.md for an example.' });
}
