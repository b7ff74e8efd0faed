import { expect, test } from 'vitest';
import { vmUser } from '../../../supervisor/vms/vm-user.ts';

test('no two VMs have the same user, in one control plane or two', () => {
  const uids = ['0000', '0001', 'ab12', 'ab13', 'ffff'].flatMap((installation) => [1, 2, 4095].map((index) => vmUser(installation, index, 104).uid));
  expect(new Set(uids).size).toBe(uids.length);
});

test('users are in a range that nothing else assigns, and belong to the group that may use KVM', () => {
  expect(vmUser('0000', 1, 104)).toEqual({ uid: 0x7000_0001, gid: 104 });
  expect(vmUser('ffff', 4095, 104)).toEqual({ uid: 0x7fff_ffff, gid: 104 });
});

test('the 4096th environment gets no user instead of another\'s', () => {
  expect(() => vmUser('ab12', 4096, 104)).toThrow(expect.objectContaining({ code: 'unsupported' }));
});
