// Which cases of a table of faults run: those of every run, or all of them.

/** With `deploy/test.sh --slow`, also the cases of `slow`, which repeat what other cases show at other steps. The operation matrix covers every step on a fake hypervisor. */
export function cases<T>(always: readonly T[], slow: readonly T[]): T[] {
  return process.env['SOMNUS_TEST_SLOW'] === undefined ? [...always] : [...always, ...slow];
}
