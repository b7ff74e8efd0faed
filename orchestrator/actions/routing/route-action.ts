// Chooses where an action runs: rules turn programs, hints, past runs and load into a class, traits and points. Pure; see docs/actions.md.
import type { ActionHints, Caution, Decision, RequestedContext } from './action-request.ts';
import { actionContexts, type ActionClass, type ActionContext, type Rule, type Trait } from './rule.ts';
import { readCommand, type SeenCommand } from './unbash-command-line.ts';

/** The last runs of the same command in the environment's VM. */
export interface PastRuns { runs: number; failuresInARow: number; medianDurationMs: number; killed: boolean }

/** Load of the VM: shares from 0 to 1 of its vCPUs and memory. */
export interface VmLoad { cpu: number; memory: number }

export interface RoutingInput {
  command: string | readonly string[];
  context: RequestedContext;
  hints: ActionHints;
  past: PastRuns | undefined;
  load: VmLoad | undefined;
  /** Why this host cannot run actions in a context; other contexts are available. */
  unavailable: Partial<Record<ActionContext, string>>;
}

const LONG_MS = 600_000;
const SHORT_MS = 1000;
/** A container takes about this long to start, so the VM is used if the result is needed sooner. */
const SOON_MS = 5000;
const BUSY = { cpu: 0.8, memory: 0.85 };
/** Rules match only this many characters of the arguments. */
const ARGUMENT_CHARACTERS = 4096;
/** Programs with at most this weight, such as cd, only accompany others. */
const ACCOMPANIES = 5;

const interpreterOf: Readonly<Record<string, string>> = { python: 'python3', javascript: 'node', typescript: 'tsx', r: 'Rscript', sql: 'sqlite3', bash: 'bash', shell: 'bash', julia: 'julia', ruby: 'ruby', perl: 'perl', go: 'go', rust: 'cargo', c: 'gcc', 'c++': 'g++', java: 'java' };

type Match = Decision['matched'][number];

interface Judged { class: ActionClass | undefined; weight: number; traits: Set<Trait> }

/** @param rules with unique ids */
export function routeAction(input: RoutingInput, rules: readonly Rule[]): Decision {
  const line = readCommand(input.command);
  const matched: Match[] = [];
  const perProgram = rules.filter((rule) => rule.traits === undefined && rule.id !== 'base');
  const judged = withLanguage(line.commands, input.hints).map((command) => judge(command, perProgram, matched));
  const traits = gathered(judged, input);
  if (line.runsDownload || line.multiplies) traits.add('untrusted');
  override(traits, input.hints);
  if (traits.has('heavy') && judged.length > 1 && judged.some((one) => !one.traits.has('heavy') && one.weight > ACCOMPANIES)) traits.add('staged');

  for (const rule of rules) {
    if (rule.traits === undefined && rule.id !== 'base') continue;
    if (rule.traits?.every((trait) => traits.has(trait)) === false || rule.unless?.some((trait) => traits.has(trait)) === true) continue;
    matched.push({ rule: rule.id, why: rule.why, program: null, scores: rule.scores });
  }
  const alternatives = actionContexts
    .map((context) => ({ context, score: matched.reduce((sum, { scores }) => sum + (scores[context] ?? 0), 0), unavailable: input.unavailable[context] ?? null }))
    .toSorted((a, b) => b.score - a.score);
  const best = alternatives[0]?.context ?? 'vm';
  const context = input.context === 'auto' ? alternatives.find(({ unavailable }) => unavailable === null)?.context ?? best : input.context;
  const cautions: Caution[] = [
    ...(context === 'vm' && traits.has('untrusted') ? ['untrusted-in-vm' as const] : []),
    ...(input.context === 'auto' && best !== context ? ['best-context-unavailable' as const] : []),
    ...(line.complete ? [] : ['not-fully-read' as const]),
  ];
  return {
    context, class: classOf(judged), reason: reasonFor(context, best, input.context, matched), programs: [...new Set(line.commands.map(({ program }) => program).filter((name) => name !== ''))],
    traits: [...traits], matched, alternatives, cautions,
  };
}

/** A program that is run by its path is treated as a script in the language that the caller names. */
function withLanguage(commands: readonly SeenCommand[], { language }: ActionHints): readonly SeenCommand[] {
  const program = language === undefined ? undefined : interpreterOf[language.toLowerCase()];
  if (program === undefined) return commands;
  return commands.map((command) => (command.path.includes('/') ? { ...command, program, args: [command.path, ...command.args] } : command));
}

function judge(command: SeenCommand, rules: readonly Rule[], matched: Match[]): Judged {
  const judged: Judged = { class: undefined, weight: 0, traits: new Set() };
  const joined = command.args.join(' ').slice(0, ARGUMENT_CHARACTERS);
  const script = scriptOf(command);
  for (const rule of rules) {
    if (!applies(rule, command, joined, script)) continue;
    matched.push({ rule: rule.id, why: rule.why, program: command.program, scores: rule.scores });
    for (const trait of rule.gives) judged.traits.add(trait);
    if (rule.class === undefined || rule.weight < judged.weight) continue;
    judged.class = rule.class;
    judged.weight = rule.weight;
  }
  return judged;
}

function applies(rule: Rule, { program, path }: SeenCommand, joined: string, script: string | undefined): boolean {
  const byPath = path.includes('/');
  if (rule.programs !== undefined && !rule.programs.includes(program) && !(byPath && rule.programs.includes(''))) return false;
  if (rule.arguments !== undefined && !patternOf(rule.arguments).test(joined)) return false;
  if (rule.script !== undefined && (script === undefined || !patternOf(rule.script).test(script))) return false;
  return rule.programs !== undefined || rule.arguments !== undefined || rule.script !== undefined || Object.keys(rule.scores).length > 0 || rule.class !== undefined;
}

/** The file that is run: the program itself if it was named by its path; otherwise its first argument that is not an option, unless it runs code from an argument. */
function scriptOf({ path, args }: SeenCommand): string | undefined {
  if (path.includes('/') && !path.startsWith('/usr/') && !path.startsWith('/bin/')) return path;
  if (args.some((arg) => ['-c', '-e', '--eval', '-p', '-E'].includes(arg))) return undefined;
  return args.find((arg) => !arg.startsWith('-'));
}

const patterns = new Map<string, RegExp>();
const MOST_PATTERNS = 2000;

function patternOf(source: string): RegExp {
  const known = patterns.get(source);
  if (known !== undefined) return known;
  if (patterns.size >= MOST_PATTERNS) patterns.clear(); // users can change their rules while Somnus is running
  const pattern = new RegExp(source);
  patterns.set(source, pattern);
  return pattern;
}

/** Traits from the programs that matter, and from hints, past runs and load. */
function gathered(judged: readonly Judged[], { hints, past, load }: RoutingInput): Set<Trait> {
  const traits = new Set<Trait>();
  const heaviest = Math.max(0, ...judged.map(({ weight }) => weight));
  for (const one of judged) {
    for (const trait of one.traits) if (trait !== 'stateful' && (trait !== 'throw-away' || one.weight === heaviest || one.weight === 0)) traits.add(trait);
    if (one.traits.has('stateful') && one.weight === heaviest) traits.add('stateful');
  }
  if ((hints.filesIn?.length ?? 0) > 0 && (hints.filesOut?.length ?? 0) > 0) traits.add('files-in-and-out');
  if ((hints.agents ?? 1) > 1) traits.add('several-agents');
  if ((hints.deadlineMs ?? Infinity) < SOON_MS) traits.add('short');
  if (load !== undefined && (load.cpu > BUSY.cpu || load.memory > BUSY.memory)) traits.add('vm-busy');
  if (past === undefined || past.runs === 0) return traits;
  if (past.killed) traits.add('out-of-memory');
  if (past.failuresInARow >= 3) traits.add('failed-in-vm');
  if (past.medianDurationMs >= LONG_MS) traits.add('long');
  else if (past.runs >= 3 && past.medianDurationMs < SHORT_MS) traits.add('short');
  return traits;
}

/** The caller's hints override the rules. */
function override(traits: Set<Trait>, hints: ActionHints): void {
  for (const trait of ['gpu', 'heavy', 'untrusted'] as const) {
    if (hints[trait] === true) traits.add(trait);
    else if (hints[trait] === false) traits.delete(trait);
  }
}

/** The class of the program with the greatest weight; of several, the last one. */
function classOf(judged: readonly Judged[]): ActionClass {
  let found: Judged | undefined;
  for (const one of judged) if (one.class !== undefined && one.weight >= (found?.weight ?? 0)) found = one;
  return found?.class ?? 'system';
}

function reasonFor(context: ActionContext, best: ActionContext, requested: RequestedContext, matched: readonly Match[]): string {
  if (requested !== 'auto') return `${requested} was requested.`;
  const why = matched.filter(({ scores }) => (scores[best] ?? 0) > 0).toSorted((a, b) => (b.scores[best] ?? 0) - (a.scores[best] ?? 0))[0]?.why ?? 'no rule favors another context';
  return best === context ? `${sentence(why)}.` : `${sentence(why)}, so ${best} would fit best, but is not available.`;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
