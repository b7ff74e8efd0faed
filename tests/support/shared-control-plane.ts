// One control plane with a guest image for all end-to-end tests that do not harm it: vitest starts it once.
import type { TestProject } from 'vitest/node';
import { TestControlPlane } from './control-plane.ts';

export interface SharedPlane { url: string; key: string; configFile: string; dataDir: string }

declare module 'vitest' {
  // Merged with vitest's own, so it must be an interface.
  export interface ProvidedContext { plane: SharedPlane }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const plane = await TestControlPlane.start({ poolGiB: 16 });
  try {
    await plane.ok('image', 'build');
  } catch (error) {
    await plane[Symbol.asyncDispose]();
    throw error;
  }
  project.provide('plane', { url: plane.url, key: plane.key, configFile: plane.configFile, dataDir: plane.dataDir });
  return async () => await plane[Symbol.asyncDispose]();
}
