// Routing rules: the built-in ones, and those of users in a subfolder of the data folder.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { SomnusError } from '../../common/errors.ts';
import { builtInRules } from './routing/rules/all.ts';
import { Rule } from './routing/rule.ts';

const File = z.array(Rule);

export class RuleFiles {
  readonly #ownDir: string;
  #known: { state: string; rules: readonly Rule[] } | undefined;

  /** `ownDir` may be missing; each `*.yaml` in it is a list of rules. */
  constructor(ownDir: string) {
    this.#ownDir = ownDir;
  }

  /** The current rules; edits take effect at once. @throws config_invalid naming the file and the field */
  async rules(): Promise<readonly Rule[]> {
    const names = (await readdir(this.#ownDir).catch(() => [])).filter((name) => name.endsWith('.yaml')).toSorted();
    const files = names.map((name) => join(this.#ownDir, name));
    const state = JSON.stringify(await Promise.all(files.map(async (file) => {
      const { mtimeMs, size, ino } = await stat(file);
      return [file, mtimeMs, size, ino];
    })));
    if (this.#known?.state === state) return this.#known.rules;
    const own = (await Promise.all(files.map(readRules))).flat();
    const byId = new Map([...builtInRules, ...own].map((rule) => [rule.id, rule]));
    this.#known = { state, rules: [...byId.values()] };
    return this.#known.rules;
  }
}

async function readRules(path: string): Promise<Rule[]> {
  const invalid = (what: string, cause?: unknown): SomnusError => new SomnusError('config_invalid', `${path}: ${what}`, { hint: 'Fix this file or remove it; see docs/actions.md.', details: { path }, cause });
  let content: unknown;
  try {
    content = parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw invalid('not valid YAML', cause);
  }
  const parsed = File.safeParse(content ?? []);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a list of rules'}`);
}
