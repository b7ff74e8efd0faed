import { describe, expect, test } from 'vitest';
import { SomnusError } from '../../common/errors.ts';
import { KeptLink } from '../../supervisor/guest/kept-link.ts';
import { SessionSlots } from '../../supervisor/guest/session-slots.ts';

describe('Session slots', () => {
  test('are assigned in the order of requests, and control has reserved slots', async () => {
    const slots = new SessionSlots({ programs: 2, control: 1 });
    const first = await slots.acquire('program');
    await slots.acquire('program');
    const order: string[] = [];
    const waiting = ['a', 'b', 'c'].map((name) => slots.acquire('program').then((giveBack) => { order.push(name); return giveBack; }));
    const control = await slots.acquire('control');
    expect(slots.used).toBe(3);
    control();
    expect(order).toEqual([]);
    first();
    first(); // once is enough
    (await waiting[0])?.();
    (await waiting[1])?.();
    await waiting[2];
    expect(order).toEqual(['a', 'b', 'c']);
    expect(slots.used).toBe(2);
  });

  test('A caller that gives up waiting takes nothing from the others', async () => {
    const slots = new SessionSlots({ programs: 1, control: 0 });
    const first = await slots.acquire('program');
    const abort = new AbortController();
    const given = slots.acquire('program', abort.signal);
    const next = slots.acquire('program');
    abort.abort();
    first(); // in the same tick
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    (await next)();
    expect(slots.used).toBe(0);
  });

  test('All waiting callers can be refused', async () => {
    const slots = new SessionSlots({ programs: 1, control: 0 });
    await slots.acquire('program');
    const waiting = slots.acquire('program');
    slots.refuseAll(new SomnusError('guest_unreachable', 'closed'));
    await expect(waiting).rejects.toMatchObject({ code: 'guest_unreachable' });
  });
});

describe('A kept link', () => {
  class FakeLink {
    lost: SomnusError | undefined;
    destroy(error: SomnusError): void { this.lost ??= error; }
  }

  test('It is made once for all callers, and again after a loss', async () => {
    const made: FakeLink[] = [];
    const kept = new KeptLink(async () => {
      made.push(new FakeLink());
      return made.at(-1) ?? new FakeLink();
    });
    const links = await Promise.all([kept.get(), kept.get(), kept.get()]);
    expect(new Set(links).size).toBe(1);
    expect(kept.current).toBe(made[0]);
    made[0]?.destroy(new SomnusError('guest_unreachable', 'lost'));
    expect(kept.current).toBeUndefined();
    expect(await kept.get()).toBe(made[1]);
  });

  test('Failed attempts become slower and slower; a caller that stops waiting does not end the attempt for others', async () => {
    const times: number[] = [];
    const kept = new KeptLink<FakeLink>(async () => {
      times.push(performance.now());
      if (times.length < 4) throw new SomnusError('guest_unreachable', 'not yet');
      return new FakeLink();
    });
    for (let i = 0; i < 2; i += 1) await expect(kept.get()).rejects.toMatchObject({ code: 'guest_unreachable' });
    await expect(kept.get(AbortSignal.timeout(10))).rejects.toMatchObject({ code: 'cancelled' });
    await expect(kept.get()).rejects.toMatchObject({ code: 'guest_unreachable' });
    await kept.get();
    const waits = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(waits[0]).toBeGreaterThan(240);
    expect(waits[1]).toBeGreaterThan(490);
    expect(waits[2]).toBeGreaterThan(990);
  });

  test('Closing ends the wait and the link, permanently', async () => {
    const gone = new SomnusError('guest_unreachable', 'closed');
    const kept = new KeptLink<FakeLink>(async (signal) => await new Promise((_resolve, reject) => { signal.addEventListener('abort', () => reject(gone)); }));
    const waiting = kept.get();
    kept.close(gone);
    await expect(waiting).rejects.toBe(gone);
    await expect(kept.get()).rejects.toBe(gone);
  });
});
