// Runs each action in its own container: copies files of the VM in, runs the command, copies results back, and removes the container. Also removes containers that a crash left.
import { basename, dirname } from 'node:path/posix';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { CONTAINER_USER, type ContainerImageName } from '../../images/container-image.ts';
import { boundedText, printable } from '../../supervisor/guest/bounded-text.ts';
import type { ExecExit, ExecRequest, GuestChannel, GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import type { ContainerImages } from './container-images.ts';
import type { ContainerLimits } from './container-options.ts';
import type { ContainerProgram, ContainerUsage, DockerEngine } from './docker-engine.ts';
import { Places } from './places.ts';
import { checkedPath, foldersFor, type StagedPath } from './staged-paths.ts';
import { safeResults } from './tar-stream-results.ts';

export interface ContainerRunnerDeps {
  engine: Pick<DockerEngine, 'problem' | 'hasImage' | 'hasGpu' | 'pull' | 'volumesOf' | 'start' | 'exec' | 'usage' | 'remove' | 'containersOf'>;
  images: Pick<ContainerImages, 'problem' | 'ensure'>;
  installation: string;
  limits: ContainerLimits;
  /** Names of images that callers may choose. */
  allowedImages?: readonly string[];
  /** Containers at a time; further actions wait. */
  atOnce: number;
  log: Logger;
  intervalMs?: number;
}

export interface ContainerAction {
  /** Unique; the container is named after it. */
  id: string;
  image: ContainerImageName;
  request: ExecRequest;
  filesIn: readonly string[];
  filesOut: readonly string[];
  /** Connects to the VM that has the files; called only if files are named. */
  channel: () => Promise<GuestChannel>;
  /** One of the allowed images, instead of `image`. */
  imageName?: string | undefined;
  gpu?: boolean;
  /** Gets each of `filesOut` as an archive with that one entry; by default, it is unpacked in its place in the VM. */
  deliver?: (path: string, archive: Readable) => Promise<void>;
  /** Files that are not in the VM: an archive to unpack into a folder of the container. */
  content?: { folder: string; archive: () => Readable };
  /** Gets a folder of the container as an archive, when the command has ended by itself. Returns a message for standard error, or an empty string. */
  results?: { folder: string; take: (archive: Readable) => Promise<string> };
  /** Called before the container is removed; not at all if the engine does not know. */
  onUsage?: (usage: ContainerUsage) => void;
}

interface Staged extends StagedPath { in: boolean; out: boolean }

const KILLED = 137;
const TIMED_OUT = 124;
const COMPLAINT_BYTES = 4096;
/** Actions that may wait for a container at a time. */
const MAX_WAITING = 100;

export class ContainerRunner {
  readonly #deps: ContainerRunnerDeps;
  /** Containers that belong to an action of this process, each with the function that frees its place. */
  readonly #live = new Map<string, () => void>();
  readonly #places: Places;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  constructor(deps: ContainerRunnerDeps) {
    this.#deps = deps;
    this.#places = new Places(deps.atOnce, MAX_WAITING);
  }

  /** Why a container with this image cannot be started; undefined if it can. With `mayWait`, an image that must be built first is not a problem. */
  async problem(image: ContainerImageName, mayWait: boolean): Promise<string | undefined> {
    const { engine, images, log } = this.#deps;
    try {
      return await engine.problem() ?? (mayWait ? undefined : await images.problem(image));
    } catch (err) {
      log.warn({ event: 'containers.unknown', err });
      return (err as Error).message;
    }
  }

  /**
   * Waits for a place, and starts the command in a container of its own. `exit` settles when the results are in the VM and the container is removed. When the signal fires, the container is removed.
   * @throws quota_exceeded, invalid_request (paths), forbidden (image), unsupported (GPU), not_found (files), unavailable, command_failed; what the channel throws
   */
  async run(action: ContainerAction, signal?: AbortSignal): Promise<GuestProcess> {
    const { id, image, imageName, gpu = false, request, filesIn, filesOut, channel, content, results } = action;
    const { engine, images, installation, limits } = this.#deps;
    const name = `somnus-${installation}-${id.replaceAll('_', '-').toLowerCase()}`;
    const folder = [request.cwd, content?.folder, results?.folder].filter((path) => path !== undefined && path !== CONTAINER_USER.home).map((path) => checkedPath(path ?? ''));
    const [inPaths, outPaths] = [filesIn.map(checkedPath), filesOut.map(checkedPath)];
    if (gpu && !await engine.hasGpu()) throw new SomnusError('unsupported', 'The container engine has no GPU', { hint: "Install NVIDIA's container toolkit on the engine's host, or run it without a GPU." });
    const tag = imageName === undefined ? await images.ensure(image, signal) : await this.#allowed(imageName, signal);
    const volumes = imageName === undefined ? [] : await engine.volumesOf(tag); // in memory, like all writable folders
    const freePlace = await this.#places.take(signal);
    this.#live.set(name, freePlace);
    try {
      const guest = inPaths.length + outPaths.length > 0 ? await channel() : undefined;
      const staged = guest === undefined ? [] : await stagedIn(guest, inPaths, outPaths);
      const folders = foldersFor([...staged, ...[...folder, ...volumes.map((path) => checkedPath(path))].map((path) => ({ path, type: 'directory' as const }))]);
      await engine.start({ name, image: tag, installation, limits, folders, gpu }, signal);
      const within = staged.filter(({ path, type }) => type === 'directory' && !folders.includes(path)).map(({ path }) => path);
      if (within.length > 0) await this.#inside(name, ['/bin/mkdir', '-p', '--', ...within], undefined, signal);
      for (const one of staged) if (guest !== undefined && one.in) await this.#copyIn(name, guest, one, signal);
      if (content !== undefined) await this.#inside(name, ['/bin/tar', '-xf', '-', '--no-same-owner', '-C', content.folder], content.archive(), signal);
      const program = await engine.exec(name, request, signal);
      return this.#process(name, action, program, guest, staged.filter(({ out }) => out), signal);
    } catch (error) {
      await this.#remove(name);
      throw error;
    }
  }

  /** Removes containers of this installation that belong to no action of this process, because a crash left them. Never throws. */
  async reap(): Promise<void> {
    const { engine, installation, log } = this.#deps;
    try {
      if (await engine.problem() !== undefined) return;
      const left = (await engine.containersOf(installation)).filter((name) => !this.#live.has(name));
      for (const name of left) {
        await engine.remove(name);
        log.info({ event: 'containers.reaped', container: name });
      }
    } catch (err) {
      log.warn({ event: 'containers.not-reaped', err });
    }
  }

  /** Reaps now and at intervals. */
  start(): void {
    const round = (): void => { this.#round ??= this.reap().finally(() => { this.#round = undefined; }); };
    round();
    this.#timer = setInterval(round, this.#deps.intervalMs ?? 60_000);
  }

  /** Also removes the containers of running actions. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
    await Promise.all([...this.#live.keys()].map(async (name) => await this.#remove(name)));
  }

  #process(name: string, { request: { timeoutMs }, results: kept, deliver, onUsage }: ContainerAction, program: ContainerProgram, guest: GuestChannel | undefined, results: readonly Staged[], signal: AbortSignal | undefined): GuestProcess {
    let timedOut = false;
    let ended = false;
    const end = (): void => {
      ended = true;
      void this.#remove(name);
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => {
      timedOut = true;
      end();
    }, timeoutMs);
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end, { once: true });
    const stderr = new PassThrough();
    program.stderr.pipe(stderr, { end: false });
    const exit = (async (): Promise<ExecExit> => {
      try {
        const code = await program.exit.catch((error: unknown) => {
          if (ended) return KILLED; // it ended with its container
          throw error;
        });
        clearTimeout(timer);
        if (guest !== undefined) for (const { path } of results) if (!ended) stderr.write(await this.#copyOut(name, deliver ?? (async (to, archive) => await guest.writeTar(dirname(to), archive, signal)), path, signal));
        if (kept !== undefined && !ended) stderr.write(await this.#passOut(name, kept, signal));
        if (onUsage !== undefined && !ended) await this.#deps.engine.usage(name).then(onUsage, (err: unknown) => this.#deps.log.warn({ event: 'containers.usage-unknown', container: name, err }));
        return { code: timedOut ? TIMED_OUT : code, signal: ended || code === KILLED ? 'KILL' : null, timedOut };
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        await this.#remove(name);
        stderr.end();
      }
    })();
    exit.catch(() => {}); // reported to the caller that waits for it
    return {
      stdin: program.stdin, stdout: program.stdout, stderr, exit,
      signal: async (which) => { await this.#inside(name, ['/bin/sh', '-c', `kill -${which} -1`]); }, // all but the first process
      resize: () => {},
    };
  }

  /** Returns the name of an image that the engine has. @throws forbidden when it is not allowed; unavailable when it cannot be pulled */
  async #allowed(name: string, signal: AbortSignal | undefined): Promise<string> {
    const { engine, allowedImages = [], log } = this.#deps;
    if (!allowedImages.includes(name)) {
      throw new SomnusError('forbidden', `The image ${name} is not allowed`, { hint: allowedImages.length === 0 ? 'An admin can allow images with containers.images in the configuration.' : `Allowed are ${allowedImages.join(', ')} (containers.images in the configuration).` });
    }
    if (!await engine.hasImage(name)) {
      await engine.pull(name, signal);
      log.info({ event: 'containers.image-pulled', image: name });
    }
    return name;
  }

  async #copyIn(name: string, guest: GuestChannel, { path, type }: Staged, signal: AbortSignal | undefined): Promise<void> {
    if (type === 'missing') throw new SomnusError('not_found', `${path} does not exist in the VM`);
    if (type === 'directory') return await this.#inside(name, ['/bin/sh', '-c', 'mkdir -p "$1" && exec tar -xf - --no-same-owner -C "$1"', 'sh', path], await guest.readTar(path, signal), signal);
    const { info, content } = await guest.readFile(path, signal);
    await this.#inside(name, ['/bin/sh', '-c', 'mkdir -p "${1%/*}" && cat >"$1" && chmod "$2" "$1"', 'sh', path, (info.mode & 0o777).toString(8)], content, signal);
  }

  /** Returns a message about anything that was not copied, or an empty string. */
  async #copyOut(name: string, deliver: NonNullable<ContainerAction['deliver']>, path: string, signal: AbortSignal | undefined): Promise<string> {
    const check = await this.#deps.engine.exec(name, { command: ['/usr/bin/test', '-e', path] }, signal);
    check.stdin.end();
    check.stdout.resume();
    check.stderr.resume();
    if (await check.exit !== 0) return `somnus: the command did not write ${path}\n`;
    const program = await this.#deps.engine.exec(name, { command: ['/bin/tar', '-cf', '-', '-C', dirname(path), '--', basename(path)] }, signal);
    program.stdin.end();
    const complaint = boundedText(program.stderr, COMPLAINT_BYTES);
    const { content, done } = safeResults(program.stdout, basename(path));
    await deliver(path, content);
    const leftOut = await done;
    if (await program.exit !== 0) return `somnus: ${path} was not completely copied back: ${printable(await complaint).trim()}\n`;
    return leftOut.length === 0 ? '' : `somnus: only files, folders and links within ${path} are copied back, not ${printable(leftOut.slice(0, 5).join(', '))}${leftOut.length > 5 ? ' …' : ''}\n`;
  }

  async #passOut(name: string, { folder, take }: NonNullable<ContainerAction['results']>, signal: AbortSignal | undefined): Promise<string> {
    const program = await this.#deps.engine.exec(name, { command: ['/bin/tar', '-cf', '-', '-C', folder, '.'] }, signal);
    program.stdin.end();
    program.stderr.resume();
    const message = await take(program.stdout);
    program.stdout.destroy();
    return message;
  }

  /** @throws insufficient_space, unavailable */
  async #inside(name: string, command: readonly string[], input?: Readable, signal?: AbortSignal): Promise<void> {
    const program = await this.#deps.engine.exec(name, { command }, signal);
    program.stdout.resume();
    const complaint = boundedText(program.stderr, COMPLAINT_BYTES);
    if (input === undefined) program.stdin.end();
    else await pipeline(input, program.stdin, signal === undefined ? {} : { signal }).catch(() => {}); // its exit code says why
    const code = await program.exit;
    if (code !== 0) throw new SomnusError('insufficient_space', `The files could not be copied into the container: ${printable(await complaint).trim()}`, { hint: 'Name fewer files, or increase containers.folderMiB and containers.memoryMiB.' });
  }

  async #remove(name: string): Promise<void> {
    try {
      await this.#deps.engine.remove(name);
    } catch (err) {
      this.#deps.log.warn({ event: 'containers.not-removed', container: name, err }); // the reaper does it later
    }
    this.#live.get(name)?.();
    this.#live.delete(name);
  }
}

async function stagedIn(guest: GuestChannel, inPaths: readonly string[], outPaths: readonly string[]): Promise<Staged[]> {
  return await Promise.all([...new Set([...inPaths, ...outPaths])].map(async (path) => {
    const type = (await guest.stat(path))?.type ?? 'missing';
    if (type === 'other') throw new SomnusError('invalid_request', `${path} is neither a file nor a folder`);
    return { path, type, in: inPaths.includes(path), out: outPaths.includes(path) };
  }));
}
