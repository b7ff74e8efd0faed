import { expect, test } from 'vitest';
import { TrustedClock, type ClockDoubt, type SavedClock } from '../../orchestrator/clock/trusted-clock.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 1);

/** A host whose clocks the test sets. */
class Clocks {
  wall = START;
  steady = 1_000_000;
  bootId = 'first';
  readonly told: (ClockDoubt['kind'] | undefined)[] = [];

  open(saved?: SavedClock): TrustedClock {
    return new TrustedClock({ sources: { wallMs: () => this.wall, steadyMs: () => this.steady, bootId: this.bootId }, saved, onDoubt: (doubt) => this.told.push(doubt?.kind) });
  }

  pass(ms: number): void {
    this.wall += ms;
    this.steady += ms;
  }
}

test('While the wall clock agrees with the time since boot, it is trusted, including small corrections', () => {
  const host = new Clocks();
  const clock = host.open();
  host.pass(30 * DAY);
  expect(clock.now().getTime()).toBe(host.wall);
  host.wall += 60_000;
  expect(clock.atLeast().getTime()).toBe(host.wall);
  expect(host.told).toEqual([]);
});

test.each([['a week forward', 7 * DAY], ['a day back', -DAY]])('A clock that jumps %s changes nothing that expires, and when it jumps back everything is as before', (_, jump) => {
  const host = new Clocks();
  const clock = host.open();
  host.wall += jump;
  host.pass(HOUR);
  expect([clock.now().getTime(), clock.atLeast().getTime()]).toEqual([START + HOUR, START + HOUR]);
  expect(clock.doubt()).toMatchObject({ kind: 'jumped' });
  host.wall -= jump;
  expect([clock.now().getTime(), clock.doubt()]).toEqual([START + HOUR, undefined]);
  expect(host.told).toEqual(['jumped', undefined]);
});

test('A new time is trusted when it has run steadily for a day, or when an admin confirms it', () => {
  for (const confirmed of [false, true]) {
    const host = new Clocks();
    const clock = host.open();
    host.wall += 7 * DAY;
    clock.now();
    host.pass(23 * HOUR);
    expect(clock.atLeast().getTime()).toBe(START + 23 * HOUR);
    if (confirmed) clock.confirm();
    else host.pass(HOUR);
    expect([clock.atLeast().getTime(), clock.doubt()]).toEqual([host.wall, undefined]);
  }
});

test('A jump while the control plane was down is detected by the boot time', () => {
  const host = new Clocks();
  const saved = host.open().save();
  host.pass(HOUR);
  host.wall += 7 * DAY;
  const clock = host.open(saved);
  expect([clock.now().getTime(), clock.atLeast().getTime()]).toEqual([START + HOUR, START + HOUR]);
});

test('After a host was off for long, keys expire by its clock immediately, and deletions wait until the clock is confirmed', () => {
  const host = new Clocks();
  const saved = host.open().save();
  host.bootId = 'second';
  host.steady = 5_000;
  host.wall += 30 * DAY;
  const clock = host.open(saved);
  expect([clock.now().getTime(), clock.atLeast().getTime(), clock.doubt()?.kind]).toEqual([host.wall, START, 'unknown']);
  host.pass(DAY);
  expect([clock.now().getTime(), clock.atLeast().getTime(), clock.doubt()]).toEqual([host.wall, host.wall, undefined]);
});

test('After a short time off the clock is trusted; one that is in the past is not', () => {
  const host = new Clocks();
  const saved = host.open().save();
  host.bootId = 'second';
  host.steady = 5_000;
  host.wall = START + HOUR;
  expect(host.open(saved).atLeast().getTime()).toBe(host.wall);
  host.wall = 0;
  const clock = host.open(saved);
  expect([clock.now().getTime(), clock.atLeast().getTime()]).toEqual([START, START]);
});
