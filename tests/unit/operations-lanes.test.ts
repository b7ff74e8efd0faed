import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseNext, type UnfinishedOperation } from '../../orchestrator/operations/lanes.ts';

const waiting = (id: string, share: string): UnfinishedOperation => ({ id, lane: 'vms', share, running: false });
const running = (id: string, share: string): UnfinishedOperation => ({ ...waiting(id, share), running: true });

test('Free places go to the user with the fewest running operations, and among equals to the one who has waited longest', () => {
  const crowd = [running('a1', 'alice'), running('a2', 'alice'), waiting('a3', 'alice'), waiting('a4', 'alice'), waiting('b1', 'bob'), waiting('c1', 'carol'), waiting('b2', 'bob')];
  expect(chooseNext(crowd, { atOnce: 4, perUser: 3 })).toEqual(['b1', 'c1']);
  expect(chooseNext(crowd, { atOnce: 6, perUser: 3 })).toEqual(['b1', 'c1', 'b2', 'a3']);
});

test('A single user leaves places free for the next one', () => {
  const many = Array.from({ length: 20 }, (_, at) => waiting(`a${at}`, 'alice'));
  expect(chooseNext(many, { atOnce: 8, perUser: 6 })).toHaveLength(6);
  const six = many.map((operation, at) => ({ ...operation, running: at < 6 }));
  expect(chooseNext([...six, waiting('b', 'bob')], { atOnce: 8, perUser: 6 })).toEqual(['b']);
});

test('Whatever waits, no limit is exceeded, and no place stays free while it can be assigned', () => {
  const Operations = fc.array(fc.record({ share: fc.constantFrom('a', 'b', 'c'), running: fc.boolean() }), { maxLength: 40 });
  fc.assert(fc.property(Operations, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 10 }), (made, atOnce, perUser) => {
    const all = made.map((each, at): UnfinishedOperation => ({ ...each, id: String(at), lane: 'vms' }));
    const chosen = chooseNext(all, { atOnce, perUser });
    const then = all.map((each) => (chosen.includes(each.id) ? { ...each, running: true } : each));
    const count = (share: string): number => then.filter((each) => each.running && each.share === share).length;
    const before = all.filter((each) => each.running);
    if (chosen.length > 0) expect(then.filter((each) => each.running).length).toBeLessThanOrEqual(atOnce);
    for (const id of chosen) expect(count(all[Number(id)]?.share ?? '')).toBeLessThanOrEqual(perUser);
    if (before.length + chosen.length < atOnce) for (const each of then) if (!each.running) expect(count(each.share)).toBeGreaterThanOrEqual(perUser);
  }));
});
