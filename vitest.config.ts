import { defineConfig } from 'vitest/config';

// One project a kind of test. VM, fault and e2e tests run three files beside each other, also on two cores, because part of their time is waiting: each file has a VM or a control plane of its own. Integration
// tests run alone: they change what all networks of the host share, or measure.
const kind = (name: string, options: { order: number; parallel: boolean; workers?: number; timeoutMs: number }) => ({
  test: {
    name,
    include: [`tests/${name}/**/*.test.ts`],
    testTimeout: options.timeoutMs,
    hookTimeout: options.timeoutMs,
    fileParallelism: options.parallel,
    setupFiles: ['tests/support/close-open-resources.ts'],
    ...(options.workers === undefined ? {} : { maxWorkers: options.workers }),
    sequence: { groupOrder: options.order }, // kinds run one after the other
  },
});

export default defineConfig({
  test: {
    globalSetup: ['tests/support/test-run.ts'],
    projects: [
      kind('unit', { order: 0, parallel: true, timeoutMs: 150_000 }),
      kind('contract', { order: 1, parallel: true, timeoutMs: 120_000 }),
      kind('integration', { order: 2, parallel: false, timeoutMs: 600_000 }),
      kind('vm', { order: 3, parallel: true, workers: 3, timeoutMs: 600_000 }),
      kind('fault', { order: 3, parallel: true, workers: 3, timeoutMs: 900_000 }),
      kind('e2e', { order: 3, parallel: true, workers: 3, timeoutMs: 900_000 }),
      kind('slow', { order: 4, parallel: false, timeoutMs: 7_200_000 }), // only when asked for: deploy/test.sh --slow
    ],
  },
});
