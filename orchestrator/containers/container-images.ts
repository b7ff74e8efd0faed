// The images for containers of actions: built and imported into the engine when first needed, and again when a recipe has changed.
import type { Readable } from 'node:stream';
import { untilAborted } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { buildContainerImage, containerImage, type ContainerImage, type ContainerImageName } from '../../images/container-image.ts';
import { repositoryOf, type DockerEngine } from './docker-engine.ts';

export interface ContainerImagesDeps {
  engine: Pick<DockerEngine, 'hasImage' | 'importImage' | 'removeOtherTags'>;
  /** Where images are built. */
  folder: string;
  /** Ends builds. */
  closing: AbortSignal;
  log: Logger;
  build?: (image: ContainerImage, folder: string, signal: AbortSignal, use: (archive: Readable) => Promise<void>) => Promise<void>;
}

/** How long after a failed build no other one is started in the background. */
const RETRY_AFTER_MS = 300_000;

export class ContainerImages {
  readonly #deps: ContainerImagesDeps;
  readonly #builds = new Map<ContainerImageName, Promise<string>>();
  readonly #failures = new Map<ContainerImageName, { atMs: number; message: string }>();
  /** One build at a time: each uses much of the host. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: ContainerImagesDeps) {
    this.#deps = deps;
  }

  /** Why the image cannot be used at once; undefined if it can. Starts to build a missing image in the background, unless a build has just failed. */
  async problem(name: ContainerImageName): Promise<string | undefined> {
    if (await this.#deps.engine.hasImage(tagOf(await containerImage(name)))) return undefined;
    const failed = this.#failures.get(name);
    if (failed !== undefined && performance.now() - failed.atMs < RETRY_AFTER_MS) return `the container image ${name} could not be built: ${failed.message}`;
    this.ensure(name).catch(() => {}); // the next caller gets the reason
    return `the container image ${name} is being built`;
  }

  /** Returns the image's tag; builds the image if the engine does not have it. The signal ends the wait, not the build. @throws command_failed, unavailable */
  async ensure(name: ContainerImageName, signal?: AbortSignal): Promise<string> {
    const image = await containerImage(name);
    if (await this.#deps.engine.hasImage(tagOf(image))) return tagOf(image);
    let build = this.#builds.get(name);
    if (build === undefined) {
      build = this.#build(image).finally(() => this.#builds.delete(name));
      build.catch(() => {}); // reported to the callers that wait for it
      this.#builds.set(name, build);
    }
    return await untilAborted(build, signal);
  }

  async #build(image: ContainerImage): Promise<string> {
    const { engine, folder, closing, log, build = buildContainerImage } = this.#deps;
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    const startedAt = performance.now();
    try {
      closing.throwIfAborted();
      await build(image, folder, closing, async (archive) => await engine.importImage(repositoryOf(image.name), image.version, archive, closing));
      if (!await engine.hasImage(tagOf(image))) throw new SomnusError('unavailable', 'Docker did not keep the image');
      this.#failures.delete(image.name);
      await engine.removeOtherTags(repositoryOf(image.name), image.version).catch((err: unknown) => log.warn({ event: 'containers.images-kept', err }));
      log.info({ event: 'containers.image-built', image: tagOf(image), durationMs: Math.round(performance.now() - startedAt) });
      return tagOf(image);
    } catch (err) {
      this.#failures.set(image.name, { atMs: performance.now(), message: (err as Error).message });
      log.warn({ event: 'containers.image-failed', image: tagOf(image), err });
      throw err;
    } finally {
      resolve();
    }
  }
}

function tagOf({ name, version }: ContainerImage): string {
  return `${repositoryOf(name)}:${version}`;
}
