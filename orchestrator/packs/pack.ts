// A capability pack: what a pack.yaml contains. parse-pack.ts reads one, step-script.ts turns its steps into scripts.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Name } from '../../common/ids.ts';

const Line = (maxLength: number) => z.string().min(1).max(maxLength).regex(/^\P{Cc}*$/u, 'must be one line without control characters');
const Script = z.string().max(32_768).refine((text) => text.trim() !== '', 'must not be empty').refine((text) => !text.includes('\0'), 'must not contain NUL');
const GuestPath = z.string().max(4096).regex(/^\/[^\p{Cc}]*[^\p{Cc}/]$/u, 'must be an absolute path of a file').refine((path) => !path.split('/').includes('..'), 'must not contain ..');
const Packages = (word: RegExp, example: string) => z.array(z.string().max(200).regex(word, `must be a package such as ${example}`)).min(1);

const PackFile = z.strictObject({
  path: GuestPath,
  content: z.string().max(32_768).refine((text) => !text.includes('\0'), 'must not contain NUL'),
  mode: z.string().regex(/^0?[0-7]{3}$/, 'must be octal, in quotes, such as "0644"').default('0644'),
  owner: z.string().regex(/^[a-z_][a-z0-9_-]*(:[a-z_][a-z0-9_-]*)?$/, 'must be USER or USER:GROUP').default('root:root'),
});

const PipInstall = z.strictObject({
  packages: Packages(/^[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._-]+\])?((==|>=|<=|~=|!=|<|>)[A-Za-z0-9.*+!_-]+(,(==|>=|<=|~=|!=|<|>)[A-Za-z0-9.*+!_-]+)*)?$/, 'requests or requests==2.32.3'),
  venv: GuestPath.default('/opt/packs/python').meta({ description: 'The virtual environment, which is created if it is missing. Programs in it also see the Python packages of Debian.' }),
});

const PackService = z.strictObject({
  name: z.string().max(200).regex(/^[A-Za-z0-9][A-Za-z0-9@_.-]*$/, 'must be the name of a unit such as redis-server'),
  unit: z.string().max(32_768).optional().meta({ description: 'Content of its unit file, if no package has installed one.' }),
});

const PackNeeds = z.strictObject({
  memoryMiB: z.int().positive().optional(),
  diskMiB: z.int().positive().optional().meta({ description: 'Free space on the disk of the environment.' }),
});

/** The keys of which a step has exactly one. */
export const stepKinds = ['apt', 'npm', 'pip', 'file', 'command', 'service'] as const;

export const PackStep = z.strictObject({
  name: Name,
  apt: Packages(/^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+:~-]+)?$/, 'jq or jq=1.7.1-6').optional().meta({ description: 'Debian packages.' }),
  npm: Packages(/^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*(@[A-Za-z0-9^~<>=*][A-Za-z0-9.^~<>=*+-]*)?$/, 'typescript or typescript@5.9.3').optional().meta({ description: 'Packages of npm, installed globally.' }),
  pip: PipInstall.optional(),
  file: PackFile.optional(),
  command: Script.optional().meta({ description: 'A script for bash, run as root. It ends at the first command that fails.' }),
  service: PackService.optional(),
  check: Script.meta({ description: 'A script for bash, run as root after the step. The step has succeeded if it exits with 0.' }),
  timeoutMinutes: z.number().min(0.1).max(600).default(60),
  needs: PackNeeds.prefault({}),
  optional: z.boolean().default(false).meta({ description: 'Whether the step is skipped, instead of refusing the pack, if the environment has less than the step needs.' }),
}).superRefine((step, context) => {
  const given = stepKinds.filter((kind) => step[kind] !== undefined);
  if (given.length !== 1) context.addIssue({ code: 'custom', message: `must have exactly one of ${stepKinds.join(', ')}${given.length === 0 ? '' : `, not ${given.join(' and ')}`}` });
});
export type PackStep = z.infer<typeof PackStep>;

export const PackUninstallStep = z.strictObject({
  name: Name,
  command: Script,
  check: Script.default('true'),
  timeoutMinutes: z.number().min(0.1).max(600).default(60),
});
export type PackUninstallStep = z.infer<typeof PackUninstallStep>;

const distinct = (steps: readonly { name: string }[]): boolean => new Set(steps.map(({ name }) => name)).size === steps.length;

export const Pack = z.strictObject({
  name: Name.refine((name) => name !== 'schema', 'must not be schema, which is a path of the API'),
  version: z.string().max(63).regex(/^[0-9][A-Za-z0-9.+-]*$/, 'must be a version, in quotes, such as "1.0.0"'),
  description: Line(300),
  depends: z.array(Name).default([]).meta({ description: 'Packs that are installed first.' }),
  needs: PackNeeds.prefault({}),
  steps: z.array(PackStep).min(1).max(50).refine(distinct, 'must have different names'),
  uninstall: z.array(PackUninstallStep).max(50).default([]).refine(distinct, 'must have different names').meta({ description: 'Steps that remove the pack. Without any, it cannot be uninstalled.' }),
});
export type Pack = z.infer<typeof Pack>;

/** The JSON schema of a pack.yaml, for editors. */
export function packJsonSchema(): object {
  return z.toJSONSchema(Pack, { io: 'input' });
}

/** Equal for steps that do the same. */
export function digestOf(step: PackStep | PackUninstallStep): string {
  return createHash('sha256').update(JSON.stringify(step)).digest('hex');
}
