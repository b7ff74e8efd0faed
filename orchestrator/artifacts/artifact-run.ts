// A run of an artifact: one version, executed in a container of its own or in a VM, with its results. Defines its requests, its answers, and the service for the API, which artifact-runner.ts implements.
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { idSchema } from '../../common/ids.ts';
import { ExecRequest, type GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import type { Caller } from '../keys/caller.ts';
import type { Page, PageQuery } from '../store/page.ts';
import { ArtifactPath, StoredFile } from './artifact.ts';

/** How much of each output stream of a run is kept, and of its result files together. */
export const OUTPUT_BYTES = 16 * 1_048_576;
export const RESULT_BYTES = 64 * 1_048_576;
export const RESULT_FILES = 1000;
/** The variable that names the folder for result files. */
export const RESULTS_VARIABLE = 'SOMNUS_RESULTS';

export const RunContext = z.enum(['container', 'vm']);
export const ArtifactRunStatus = z.enum(['running', 'ended', 'lost']);

const Path = z.string().startsWith('/', 'must be an absolute path').max(4096);

export const RunArtifact = ExecRequest.pick({ env: true, timeoutMs: true }).extend({
  version: z.int().min(1).optional().meta({ description: 'By default the newest.' }),
  context: RunContext.default('container'),
  environment: z.string().min(1).max(200).optional().meta({ description: 'The environment that has the files to read, or whose VM is used. By default the one that the artifact belongs to.' }),
  args: z.array(z.string().refine((arg) => !arg.includes('\0'), 'must not contain NUL')).max(1000).default([]).meta({ description: 'Arguments for the main file. They are kept with the run.' }),
  image: z.string().min(1).max(300).optional().meta({ description: "The image of the container: one that the configuration allows (`containers.images`). By default one of Somnus's own, by type." }),
  gpu: z.boolean().default(false).meta({ description: 'Whether the container gets the GPUs of its host.' }),
  filesIn: z.array(Path).max(100).default([]).meta({ description: 'Files and folders of the VM that the container gets as a copy, under the same paths.' }),
});
export type RunArtifact = z.infer<typeof RunArtifact>;

const Output = z.strictObject({ sizeBytes: z.int(), truncated: z.boolean().meta({ description: 'Whether the rest was not kept.' }) });

export const ArtifactRun = z.strictObject({
  id: idSchema('arun'),
  artifactId: z.string(),
  version: z.int(),
  context: RunContext,
  environmentId: z.string().nullable(),
  args: z.array(z.string()),
  status: ArtifactRunStatus.meta({ description: '`lost`: Somnus, the container or the connection to the VM ended before the run did, so its exit code is unknown.' }),
  exitCode: z.int().nullable().meta({ description: '128 + signal number if a signal ended it; 124 if its timeout did.' }),
  signal: z.string().nullable(),
  timedOut: z.boolean(),
  durationMs: z.int().nullable(),
  cpuMs: z.int().nullable().meta({ description: 'CPU time that the container used; null in the VM, and if it is not known.' }),
  memoryPeakMiB: z.int().nullable().meta({ description: 'Largest memory of the container with its files; null if it is not known.' }),
  stdout: Output,
  stderr: Output,
  files: z.array(StoredFile).meta({ description: `What the run left in the folder named by ${RESULTS_VARIABLE}.` }),
  problem: z.string().nullable().meta({ description: 'Why results are missing.' }),
  startedBy: z.string(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
});
export type ArtifactRun = z.infer<typeof ArtifactRun>;

export const RunOutputQuery = z.strictObject({ stream: z.enum(['stdout', 'stderr']).default('stdout') });
export const RunFileQuery = z.strictObject({ path: ArtifactPath });

export interface StartedRun { run: ArtifactRun; process: GuestProcess }

export interface ArtifactRunService {
  /**
   * Starts a run, which ends when the signal fires. Its results are kept before `exit` settles.
   * @throws not_found, invalid_request (nothing to run, paths), unsupported (no container engine), quota_exceeded; what the container or the VM throws
   */
  run(caller: Caller, ref: string, request: RunArtifact, signal?: AbortSignal): Promise<StartedRun>;
  /** Newest first. */
  list(caller: Caller, ref: string, query: PageQuery): Promise<Page<ArtifactRun>>;
  /** @throws not_found */
  get(caller: Caller, ref: string, runId: string): Promise<ArtifactRun>;
  /** The stream ends with `corrupt` when the content is damaged. @throws not_found; invalid_state while the run is running */
  output(caller: Caller, ref: string, runId: string, stream: 'stdout' | 'stderr'): Promise<Readable>;
  /** @throws as `output` */
  file(caller: Caller, ref: string, runId: string, path: string): Promise<Readable>;
}
