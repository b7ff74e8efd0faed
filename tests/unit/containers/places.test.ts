import { expect, test } from 'vitest';
import { Places } from '../../../orchestrator/containers/places.ts';

test('Places are given in the order in which callers asked; a caller that stops waiting does not affect the others', async () => {
  const places = new Places(2, 3);
  const order: string[] = [];
  const [first, second] = [await places.take(), await places.take()];
  const leave = new AbortController();
  const left = places.take(leave.signal);
  const later = ['c', 'd'].map(async (name) => {
    const giveBack = await places.take();
    order.push(name);
    return giveBack;
  });
  await expect(places.take()).rejects.toMatchObject({ code: 'quota_exceeded' });
  leave.abort();
  await expect(left).rejects.toMatchObject({ code: 'cancelled' });
  first();
  first();
  await later[0];
  expect(order).toEqual(['c']);
  second();
  await later[1];
  expect(order).toEqual(['c', 'd']);
  for (const giveBack of await Promise.all(later)) giveBack();
  expect(await Promise.all([places.take(), places.take()])).toHaveLength(2);
});
