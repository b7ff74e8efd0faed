// Runs versions of artifacts, in a container of their own or in a VM, and keeps their results.
import type { Readable } from 'node:stream';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { Logger } from '../../common/log.ts';
import { CONTAINER_USER, type ContainerImageName } from '../../images/container-image.ts';
import { printable } from '../../supervisor/guest/bounded-text.ts';
import { ExecRequest, type ExecExit, type GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import { makeFolder, remove } from '../../supervisor/guest/guest-folders.ts';
import type { ContainerUsage } from '../containers/docker-engine.ts';
import type { ContainerRunner } from '../containers/container-runner.ts';
import type { EnvironmentService } from '../environments/environment-service.ts';
import type { SqliteEventLog } from '../events/sqlite-event-log.ts';
import type { Caller } from '../keys/caller.ts';
import type { Page, PageQuery } from '../store/page.ts';
import type { Artifact, ArtifactType, ArtifactVersion, StoredFile } from './artifact.ts';
import type { ArtifactManager } from './artifact-manager.ts';
import { OUTPUT_BYTES, RESULT_BYTES, RESULT_FILES, RESULTS_VARIABLE, type ArtifactRun, type ArtifactRunService, type RunArtifact, type StartedRun } from './artifact-run.ts';
import type { BlobStore, BlobWriter } from '../store/blob-store.ts';
import { StreamRecording } from './run-recording.ts';
import type { SqliteArtifactRuns } from './sqlite-artifact-runs.ts';
import { packFiles, takeFiles, type TakenFiles } from './tar-stream-files.ts';

export interface ArtifactRunnerDeps {
  artifacts: Pick<ArtifactManager, 'get' | 'version' | 'freeBytes'>;
  runs: SqliteArtifactRuns;
  blobs: BlobStore;
  environments: Pick<EnvironmentService, 'get' | 'exec' | 'channel'>;
  containers: Pick<ContainerRunner, 'problem' | 'run'>;
  events: Pick<SqliteEventLog, 'append'>;
  log: Logger;
}

interface Program { image: ContainerImageName; command: string }
const programs: Readonly<Partial<Record<ArtifactType, Program>>> = {
  shell: { image: 'base', command: 'bash' }, python: { image: 'python', command: 'python3' }, javascript: { image: 'node', command: 'node' }, typescript: { image: 'node', command: 'node' },
};
const CONTAINER_RESULTS = '/results';
const MAX_NAMED = 5;

/** What a run leaves, as its place passes it on. */
interface Leaving { taken: TakenFiles | undefined; usage: ContainerUsage; problem: string | null }
/** Where a run gets its files and runs. */
interface Place { artifact: Artifact; version: ArtifactVersion; runId: string; request: RunArtifact; program: Program; environmentId: string | null; leaving: Leaving; limitBytes: number }

export class ArtifactRunner implements ArtifactRunService {
  readonly #deps: ArtifactRunnerDeps;

  constructor(deps: ArtifactRunnerDeps) {
    this.#deps = deps;
  }

  async run(caller: Caller, ref: string, request: RunArtifact, signal?: AbortSignal): Promise<StartedRun> {
    const { artifacts, runs } = this.#deps;
    const artifact = await artifacts.get(caller, ref);
    const version = await artifacts.version(caller, artifact.id, request.version);
    const program = programs[artifact.type];
    if (program === undefined || version.main === null) throw new SomnusError('invalid_request', `${artifact.title} is ${artifact.type}, which does not run`, { hint: 'Create an artifact of the type shell, python, javascript or typescript.' });
    if (request.context === 'vm' && (request.image !== undefined || request.gpu)) throw new SomnusError('invalid_request', 'An image and a GPU can only be chosen for a container', { hint: 'Leave out `--image` and `--gpu`, or use `--context container`.' });
    const environmentId = await this.#environmentOf(caller, artifact, request.environment);
    if (environmentId === null && (request.context === 'vm' || request.filesIn.length > 0)) throw new SomnusError('invalid_request', `The environment of ${artifact.title} no longer exists`, { hint: 'Name another one (`--in NAME`).' });
    const limitBytes = artifacts.freeBytes(artifact.owner);
    if (limitBytes <= 0) throw new SomnusError('quota_exceeded', 'The artifacts of this user have no space left for results', { hint: 'Purge artifacts that are no longer needed (`somnus artifact rm --purge`), or increase artifacts.quotaMiB.' });
    const run: ArtifactRun = {
      id: newId('arun'), artifactId: artifact.id, version: version.number, context: request.context, environmentId, args: request.args, status: 'running', exitCode: null, signal: null, timedOut: false, durationMs: null, cpuMs: null, memoryPeakMiB: null,
      stdout: { sizeBytes: 0, truncated: false }, stderr: { sizeBytes: 0, truncated: false }, files: [], problem: null, startedBy: caller.keyId, startedAt: new Date().toISOString(), endedAt: null,
    };
    const leaving: Leaving = { taken: undefined, usage: { cpuMs: null, memoryPeakMiB: null }, problem: null };
    const place: Place = { artifact, version, runId: run.id, request, program, environmentId, leaving, limitBytes };
    if (request.context === 'container') {
      const problem = await this.#deps.containers.problem(program.image, true);
      if (problem !== undefined) throw new SomnusError('unsupported', `The artifact cannot run in a container: ${problem}`, { hint: 'Check Docker with `somnus doctor`, or run it in the VM (`--context vm`).' });
    }
    const limit = Math.min(OUTPUT_BYTES, limitBytes);
    const writers = { stdout: await this.#deps.blobs.writer(limit), stderr: await this.#deps.blobs.writer(limit) };
    runs.insert(run);
    try {
      const process = request.context === 'container' ? await this.#inContainer(caller, place, signal) : await this.#inVm(caller, place, signal);
      return { run, process: this.#recorded(caller, artifact, run, process, leaving, writers, signal) };
    } catch (error) {
      await Promise.all([writers.stdout.release(), writers.stderr.release()]);
      runs.end({ ...run, status: 'lost', problem: toSomnusError(error).message, endedAt: new Date().toISOString() }, [], '');
      throw error;
    }
  }

  async list(caller: Caller, ref: string, query: PageQuery): Promise<Page<ArtifactRun>> {
    return this.#deps.runs.list((await this.#deps.artifacts.get(caller, ref)).id, query);
  }

  async get(caller: Caller, ref: string, runId: string): Promise<ArtifactRun> {
    const { id, title } = await this.#deps.artifacts.get(caller, ref);
    const run = this.#deps.runs.get(id, runId);
    if (run === undefined) throw new SomnusError('not_found', `${title} has no run ${runId}`, { hint: 'See `somnus artifact runs`.' });
    return run;
  }

  async output(caller: Caller, ref: string, runId: string, stream: 'stdout' | 'stderr'): Promise<Readable> {
    const run = await this.get(caller, ref, runId);
    return this.#kept(run, this.#deps.runs.output(run, stream), stream);
  }

  async file(caller: Caller, ref: string, runId: string, path: string): Promise<Readable> {
    const run = await this.get(caller, ref, runId);
    return this.#kept(run, run.files.find((file) => file.path === path), path);
  }

  /** The named environment; otherwise the artifact's own, or the first it is shared with, that the caller sees. @throws not_found for the named one */
  async #environmentOf(caller: Caller, { environmentId, sharedWith }: Artifact, named: string | undefined): Promise<string | null> {
    const { environments } = this.#deps;
    if (named !== undefined) return (await environments.get(caller, named)).id;
    for (const id of [...(environmentId === null ? [] : [environmentId]), ...sharedWith]) {
      const found = await environments.get(caller, id).catch(() => undefined);
      if (found !== undefined) return found.id;
    }
    return null;
  }

  #kept(run: ArtifactRun, file: StoredFile | undefined, what: string): Readable {
    if (run.status === 'running') throw new SomnusError('invalid_state', `The run ${run.id} has not ended yet`, { hint: 'Its results are available when it has ended.' });
    if (file === undefined) throw new SomnusError('not_found', `The run ${run.id} has no ${what}`, { hint: run.problem ?? `It has ${run.files.slice(0, 10).map(({ path }) => path).join(', ') || 'no files'}.` });
    return this.#deps.blobs.stream(file.sha256);
  }

  async #inContainer(caller: Caller, place: Place, signal: AbortSignal | undefined): Promise<GuestProcess> {
    const { version, runId, request, program, environmentId, leaving } = place;
    return await this.#deps.containers.run({
      id: runId, image: program.image, imageName: request.image, gpu: request.gpu, filesIn: request.filesIn, filesOut: [],
      request: this.#program(place, CONTAINER_USER.home, CONTAINER_RESULTS),
      channel: async () => await this.#deps.environments.channel(caller, environmentId ?? ''),
      content: { folder: CONTAINER_USER.home, archive: () => packFiles(version.files, this.#deps.blobs) },
      results: { folder: CONTAINER_RESULTS, take: async (archive) => await this.#take(archive, place) },
      onUsage: (usage) => { leaving.usage = usage; },
    }, signal);
  }

  async #inVm(caller: Caller, place: Place, signal: AbortSignal | undefined): Promise<GuestProcess> {
    const { version, runId, environmentId } = place;
    const { environments, blobs, log } = this.#deps;
    const channel = await environments.channel(caller, environmentId ?? '');
    const folder = `/var/tmp/somnus-${runId}`;
    const results = `${folder}-results`;
    const cleanUp = async (): Promise<void> => {
      for (const path of [folder, results]) await remove(channel, path, { recursive: true }).catch((err: unknown) => log.info({ event: 'artifacts.folder-left', path, err })); // the guest deletes old files of /var/tmp
    };
    try {
      await channel.writeTar(folder, packFiles(version.files, blobs), signal);
      await makeFolder(channel, results, signal);
      const process = await environments.exec(caller, environmentId ?? '', this.#program(place, folder, results), signal);
      const exit = (async (): Promise<ExecExit> => {
        try {
          const result = await process.exit;
          if (signal?.aborted !== true) await this.#take(await channel.readTar(results), place);
          return result;
        } finally {
          await cleanUp();
        }
      })();
      exit.catch(() => {}); // the error goes to those who wait for it
      return { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, exit, signal: async (name) => await process.signal(name), resize: () => {} };
    } catch (error) {
      await cleanUp();
      throw error;
    }
  }

  #program({ version, request, program }: Place, cwd: string, results: string): ExecRequest {
    const { args, env, timeoutMs, image } = request;
    const command = image !== undefined && program.command === 'bash' ? 'sh' : program.command; // which every image has
    return ExecRequest.parse({ command: [command, version.main ?? '', ...args], cwd, env: { ...env, [RESULTS_VARIABLE]: results }, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }

  /** Stores the result files. Returns a message about what is missing; never throws, so that the exit code is not lost. */
  async #take(archive: Readable, { leaving, limitBytes }: Place): Promise<string> {
    try {
      leaving.taken = await takeFiles(archive, '.', this.#deps.blobs, { bytes: Math.min(RESULT_BYTES, limitBytes), files: RESULT_FILES });
      const leftOut = leaving.taken.leftOut.toSorted();
      if (leftOut.length === 0) return '';
      leaving.problem = `Only plain files are kept as results, ${RESULT_FILES} at most and ${Math.floor(Math.min(RESULT_BYTES, limitBytes) / 1_048_576)} MiB together, not ${printable(leftOut.slice(0, MAX_NAMED).join(', '))}${leftOut.length > MAX_NAMED ? ' …' : ''}`;
    } catch (error) {
      leaving.problem = `The result files could not be kept: ${printable(toSomnusError(error).message)}`;
    }
    return `somnus: ${leaving.problem}\n`;
  }

  /** The same process; its results are kept before `exit` settles. */
  #recorded(caller: Caller, artifact: Artifact, run: ArtifactRun, process: GuestProcess, leaving: Leaving, writers: Record<'stdout' | 'stderr', BlobWriter>, signal: AbortSignal | undefined): GuestProcess {
    const startedAt = performance.now();
    const [stdout, stderr] = [new StreamRecording(writers.stdout, process.stdout, signal), new StreamRecording(writers.stderr, process.stderr, signal)];
    const exit = (async (): Promise<ExecExit> => {
      try {
        const [result] = await Promise.allSettled([process.exit]);
        const outputs = await Promise.allSettled([stdout.finish(), stderr.finish()]);
        const [out, errors] = outputs.map((output) => (output.status === 'fulfilled' ? output.value : undefined));
        const failed = outputs.find((output) => output.status === 'rejected');
        const problem = result.status === 'rejected' ? toSomnusError(result.reason).message : failed !== undefined ? `The output could not be kept: ${toSomnusError(failed.reason).message}` : leaving.problem;
        const ended: ArtifactRun = {
          ...run, ...leaving.usage, status: result.status === 'fulfilled' ? 'ended' : 'lost', problem, durationMs: Math.round(performance.now() - startedAt), endedAt: new Date().toISOString(), files: leaving.taken?.files ?? [],
          ...(result.status === 'fulfilled' ? { exitCode: result.value.code, signal: result.value.signal, timedOut: result.value.timedOut } : {}),
          stdout: out?.blob ?? run.stdout, stderr: errors?.blob ?? run.stderr,
        };
        const files = Object.entries({ stdout: out?.blob, stderr: errors?.blob }).flatMap(([path, blob]) => (blob === undefined ? [] : [{ path, sha256: blob.sha256, sizeBytes: blob.sizeBytes, executable: false }]));
        this.#end(caller, artifact, ended, files, [out?.text, errors?.text].filter(Boolean).join('\n'));
        if (result.status === 'rejected') throw result.reason;
        return result.value;
      } finally {
        await Promise.all([writers.stdout.release(), writers.stderr.release(), leaving.taken?.release()]);
      }
    })();
    exit.catch(() => {}); // the error goes to those who wait for it
    return { stdin: process.stdin, stdout: stdout.passed, stderr: stderr.passed, exit, signal: async (name) => await process.signal(name), resize: () => {} };
  }

  #end(caller: Caller, { title, owner, environmentId }: Artifact, run: ArtifactRun, outputs: readonly StoredFile[], text: string): void {
    const { stdout, stderr } = run;
    const kept = { ...run, stdout: { sizeBytes: stdout.sizeBytes, truncated: stdout.truncated }, stderr: { sizeBytes: stderr.sizeBytes, truncated: stderr.truncated } };
    this.#deps.runs.end(kept, outputs, text);
    const { id, artifactId, version, context, status, exitCode, durationMs } = run;
    this.#deps.events.append({
      type: `artifact.run-${status}`, owner, subject: environmentId === null ? { type: 'artifact', id: artifactId, name: title } : { type: 'environment', id: environmentId }, actor: caller.keyId, data: { artifactId, title, runId: id, version, context, exitCode, durationMs },
    });
  }
}
