import { defineConfig } from 'vitest/config';

// One project a kind of test. Only unit and contract tests may run beside each other: the rest share the host.
const kind = (name: string, options: { parallel: boolean; timeoutMs: number }) => ({
  test: {
    name,
    include: [`tests/${name}/**/*.test.ts`],
    testTimeout: options.timeoutMs,
    hookTimeout: options.timeoutMs,
    fileParallelism: options.parallel,
  },
});

export default defineConfig({
  test: {
    projects: [
      kind('unit', { parallel: true, timeoutMs: 30_000 }),
      kind('contract', { parallel: true, timeoutMs: 120_000 }),
      kind('integration', { parallel: false, timeoutMs: 600_000 }),
      kind('fault', { parallel: false, timeoutMs: 900_000 }),
      kind('e2e', { parallel: false, timeoutMs: 900_000 }),
    ],
  },
});
