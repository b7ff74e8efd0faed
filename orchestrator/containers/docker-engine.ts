// A Docker engine, through dockerode: images, containers, and programs in them.
import { PassThrough, type Duplex, type Readable, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import { untilAborted, withDeadline } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import { containerImageNames, type ContainerImageName } from '../../images/container-image.ts';
import { INSTALLATION_LABEL, containerOptions, type ContainerRequest } from './container-options.ts';
import { separateFrames } from './docker-frames.ts';

/** The label of images that Somnus has built. */
const IMAGE_LABEL = 'somnus.image';
const ANSWER_MS = 30_000;
const PING_MS = 3000;
const PULL_MS = 900_000;
/** A container may have hundreds of processes, which need time to end. */
const REMOVE_MS = 120_000;

export interface ProgramInContainer {
  command: readonly string[];
  cwd?: string | undefined;
  env?: Record<string, string>;
}

export interface ContainerProgram {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** Its exit code, after both streams have ended. @throws unavailable when the container or the engine ended first */
  exit: Promise<number>;
}

/** The engine leaves out what it does not know. */
interface Stats { cpu_stats?: { cpu_usage?: { total_usage?: number } }; memory_stats?: { max_usage?: number } }

/** What a container has used so far; null: the host does not count it. */
export interface ContainerUsage { cpuMs: number | null; memoryPeakMiB: number | null }

export class DockerEngine {
  readonly #socketPath: string;
  #client: Promise<Docker> | undefined;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Why the engine cannot be used; undefined if it answers. */
  async problem(): Promise<string | undefined> {
    try {
      await this.#call('ping', PING_MS, undefined, async (docker) => { await docker.ping(); });
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  async hasImage(tag: string): Promise<boolean> {
    return await this.#call('inspect an image', ANSWER_MS, undefined, async (docker) => await docker.getImage(tag).inspect().then(() => true, (error: unknown) => {
      if (statusOf(error) === 404) return false;
      throw error;
    }));
  }

  /** The folders that an image wants volumes for. @throws not_found, unavailable */
  async volumesOf(image: string): Promise<string[]> {
    return await this.#call('inspect an image', ANSWER_MS, undefined, async (docker) => {
      const { Config: { Volumes: volumes } } = await docker.getImage(image).inspect() as { Config: { Volumes?: Record<string, unknown> | null } };
      return Object.keys(volumes ?? {});
    });
  }

  /** Downloads an image. @throws unavailable */
  async pull(image: string, signal?: AbortSignal): Promise<void> {
    await this.#call(`pull the image ${image}`, PULL_MS, signal, async (docker, abortSignal) => {
      const progress = await docker.pull(image, { abortSignal }) as Readable;
      await new Promise<void>((resolve, reject) => { docker.modem.followProgress(progress, (error) => { if (error === null) resolve(); else reject(error); }); });
    });
  }

  /** Whether containers can get a GPU: the host has NVIDIA's runtime, or devices described by CDI. */
  async hasGpu(): Promise<boolean> {
    return await this.#call('describe itself', ANSWER_MS, undefined, async (docker) => {
      const { Runtimes: runtimes, DiscoveredDevices: devices } = await docker.info() as { Runtimes?: Record<string, unknown>; DiscoveredDevices?: { ID?: string }[] | null };
      return runtimes?.['nvidia'] !== undefined || (devices ?? []).some(({ ID: id = '' }) => /^[\w.-]+\/gpu=/.test(id));
    });
  }

  /** Creates an image from the archive of a root file system. */
  async importImage(repository: string, tag: string, archive: Readable, signal: AbortSignal): Promise<void> {
    const docker = await this.#docker();
    try {
      const answer = await untilAborted(docker.importImage(archive, { repo: repository, tag, changes: `LABEL ${IMAGE_LABEL}=${tag}` }) as Promise<Readable>, signal);
      answer.resume();
      await finished(answer);
    } catch (error) {
      throw translated('import an image', error);
    }
  }

  /** Removes the tags that Somnus has created in a repository, except `kept` and those that containers use. */
  async removeOtherTags(repository: string, kept?: string): Promise<void> {
    await this.#call('remove images', ANSWER_MS, undefined, async (docker, abortSignal) => {
      const images = await docker.listImages({ filters: { reference: [repository], label: [IMAGE_LABEL] }, abortSignal });
      const old = images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag.startsWith(`${repository}:`) && tag !== `${repository}:${kept}`);
      for (const tag of old) await docker.getImage(tag).remove({ abortSignal }).catch(() => {});
    });
  }

  /** Starts a container that waits for programs. @throws unavailable */
  async start(request: ContainerRequest, signal?: AbortSignal): Promise<void> {
    await this.#call('start a container', ANSWER_MS, signal, async (docker, abortSignal) => {
      const container = await docker.createContainer({ ...containerOptions(request), abortSignal });
      await container.start({ abortSignal });
    });
  }

  /** Runs a program as the container's user. The program ends with its container. @throws unavailable */
  async exec(container: string, { command, cwd, env = {} }: ProgramInContainer, signal?: AbortSignal): Promise<ContainerProgram> {
    return await this.#call('start a program', ANSWER_MS, signal, async (docker, abortSignal) => {
      const exec = await docker.getContainer(container).exec({
        Cmd: [...command], AttachStdin: true, AttachStdout: true, AttachStderr: true, Env: Object.entries(env).map(([name, value]) => `${name}=${value}`), ...(cwd === undefined ? {} : { WorkingDir: cwd }), abortSignal,
      });
      const socket: Duplex = await exec.start({ hijack: true, stdin: true });
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const exit = separateFrames(socket, stdout, stderr).finally(() => {
        stdout.end();
        stderr.end();
        socket.destroy();
      }).then(async () => {
        const { ExitCode: code } = await this.#call('inspect a program', ANSWER_MS, undefined, async () => await exec.inspect());
        if (code === null) throw new SomnusError('unavailable', 'The container ended before its program did');
        return code;
      }, (error: unknown) => { throw translated('follow a program', error); });
      exit.catch(() => {}); // reported to the caller that waits for it
      return { stdin: socket, stdout, stderr, exit };
    });
  }

  /** @throws unavailable */
  async usage(name: string): Promise<ContainerUsage> {
    return await this.#call('measure a container', ANSWER_MS, undefined, async (docker, abortSignal) => {
      const container = docker.getContainer(name);
      const answer = await (container.stats as unknown as (options: object) => Promise<Stats>).call(container, { stream: false, 'one-shot': true, abortSignal }); // dockerode's types do not know the option
      const [cpuNs, peakBytes] = [answer.cpu_stats?.cpu_usage?.total_usage, answer.memory_stats?.max_usage];
      return { cpuMs: cpuNs === undefined ? null : Math.round(cpuNs / 1e6), memoryPeakMiB: peakBytes === undefined ? null : Math.ceil(peakBytes / 1_048_576) };
    });
  }

  /** Kills all programs of a container and deletes it; returns when it is gone. Repeatable. @throws unavailable */
  async remove(name: string): Promise<void> {
    await this.#call('remove a container', REMOVE_MS, undefined, async (docker, abortSignal) => {
      const container = docker.getContainer(name);
      try {
        await container.remove({ force: true, v: true, abortSignal });
      } catch (error) {
        if (statusOf(error) === 404) return;
        if (statusOf(error) !== 409) throw error;
        await container.wait({ condition: 'removed', abortSignal }).catch((gone: unknown) => { if (statusOf(gone) !== 404) throw gone; }); // it is already being removed
      }
    });
  }

  /** The names of an installation's containers, in any state. */
  async containersOf(installation: string): Promise<string[]> {
    return await this.#call('list containers', ANSWER_MS, undefined, async (docker, abortSignal) => {
      const found = await docker.listContainers({ all: true, filters: { label: [`${INSTALLATION_LABEL}=${installation}`] }, abortSignal });
      return found.map(({ Names: [name = ''] }) => name.replace(/^\//, ''));
    });
  }

  /** Removes all images of Somnus that no container uses. Repeatable. @throws unavailable */
  async removeImages(): Promise<void> {
    for (const name of containerImageNames) await this.removeOtherTags(repositoryOf(name));
  }

  async #docker(): Promise<Docker> {
    return await (this.#client ??= import('dockerode').then(({ default: Client }) => new Client({ socketPath: this.#socketPath }))); // loads slowly, and is rarely used
  }

  async #call<T>(what: string, timeoutMs: number, signal: AbortSignal | undefined, work: (docker: Docker, abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    return await withDeadline(`Docker's answer to "${what}"`, timeoutMs, signal, async (deadline) => {
      try {
        return await untilAborted(work(await this.#docker(), deadline), deadline);
      } catch (error) {
        throw translated(what, error);
      }
    });
  }
}

export function repositoryOf(image: ContainerImageName): string {
  return `somnus/${image}`;
}

function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number } | undefined)?.statusCode;
}

function translated(what: string, cause: unknown): SomnusError {
  if (cause instanceof SomnusError) return cause;
  const message = (cause as Error).message.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, 300);
  return new SomnusError('unavailable', `Docker could not ${what}: ${message}`, { cause });
}
