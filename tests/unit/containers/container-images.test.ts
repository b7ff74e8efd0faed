import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { ContainerImages, type ContainerImagesDeps } from '../../../orchestrator/containers/container-images.ts';
import { log } from '../../support/operations.ts';

/** An engine and a builder in memory; builds wait for `finish`. */
function scene() {
  const state = { images: new Set<string>(), builds: [] as string[], atOnce: 0, mostAtOnce: 0, failure: undefined as Error | undefined, finish: Promise.withResolvers<void>() };
  const deps: ContainerImagesDeps = {
    engine: {
      hasImage: async (tag) => state.images.has(tag),
      importImage: async (repository, tag) => { state.images.add(`${repository}:${tag}`); },
      removeOtherTags: async () => {},
    },
    folder: '/nonexistent', closing: new AbortController().signal, log,
    build: async ({ name }, _folder, _signal, use) => {
      state.builds.push(name);
      state.atOnce += 1;
      state.mostAtOnce = Math.max(state.mostAtOnce, state.atOnce);
      await state.finish.promise;
      state.atOnce -= 1;
      if (state.failure) throw state.failure;
      await use(Readable.from([]));
    },
  };
  return { state, images: new ContainerImages(deps) };
}

test('Simultaneous callers share one build, different images are built one after the other, and an existing image is not built again', async () => {
  const { state, images } = scene();
  const waiting = [images.ensure('base'), images.ensure('base'), images.ensure('python')];
  state.finish.resolve();
  const [first, second, third] = await Promise.all(waiting);
  expect([first === second, third?.startsWith('somnus/python:'), state.mostAtOnce]).toEqual([true, true, 1]);
  await images.ensure('base');
  expect(state.builds.toSorted()).toEqual(['base', 'python']); // which is first depends on whose recipe is read first
});

test('Asking about a missing image starts its build; a failed build is given as the reason, and is repeated at once only for a caller that waits', async () => {
  const { state, images } = scene();
  expect(await images.problem('base')).toContain('is being built');
  await expect.poll(() => state.builds).toEqual(['base']);
  state.failure = new Error('no mirror');
  state.finish.resolve();
  await expect(images.ensure('base')).rejects.toThrow('no mirror');
  expect(await images.problem('base')).toContain('no mirror');
  const { length } = state.builds;
  await images.problem('base');
  expect(state.builds).toHaveLength(length);
  state.failure = undefined;
  await images.ensure('base');
  expect(await images.problem('base')).toBeUndefined();
});

test('The build continues when its caller stops waiting', async () => {
  const { state, images } = scene();
  const leave = new AbortController();
  const left = images.ensure('base', leave.signal);
  await expect.poll(() => state.builds).toEqual(['base']);
  leave.abort();
  await expect(left).rejects.toMatchObject({ code: 'cancelled' });
  state.finish.resolve();
  expect(await images.ensure('base')).toContain('somnus/base:');
  expect(state.builds).toEqual(['base']);
});
