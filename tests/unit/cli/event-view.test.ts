// Events as people read them.
import { expect, test } from 'vitest';
import { eventLine, eventSentence } from '../../../orchestrator/cli/views/event-view.ts';
import type { Event } from '../../../orchestrator/client/schema.d.ts';

const event = (type: string, data: Event['data'] = {}, subject: Event['subject'] = { type: 'environment', id: 'env_1', name: 'demo' }): Event => ({ cursor: '1', type, at: '2026-01-02T03:04:05.000Z', owner: null, subject, actor: null, data });

test.each<[string, Event['data'], string]>([
  ['environment.created', { host: 'box' }, 'demo was created'],
  ['environment.created', { forkedFrom: 'source' }, 'demo was created as a fork of source'],
  ['environment.hibernated', { host: 'box' }, 'demo was hibernated'],
  ['environment.changed', { changed: { network: { from: 'open', to: 'none' }, labels: { from: {}, to: { team: 'web' } } } }, 'demo was changed: network is none instead of open, labels is team=web instead of none'],
  ['environment.changed', { changed: ['network'] }, 'demo was changed: network'],
  ['environment.state-found', { expected: 'running', found: 'stopped', reason: 'the VM ended' }, 'demo was found stopped instead of running: the VM ended'],
  ['environment.start-failed', { code: 'timeout', message: 'The deadline passed' }, 'start of demo failed: The deadline passed'],
  ['snapshot.create-failed', { code: 'timeout', message: 'The deadline passed' }, 'snapshot create of demo failed: The deadline passed'],
  ['environment.memory-exceeded', { usedMiB: 700, allowedMiB: 512 }, 'demo uses 700 MiB of memory; its profile allows 512 MiB'],
  ['snapshot.created', { snapshotId: 'snap_1', snapshot: 'good' }, 'the snapshot good of demo was taken'],
  ['snapshot.created', { snapshotId: 'snap_1' }, 'the snapshot snap_1 of demo was taken'],
  ['snapshot.removed', { snapshotIds: ['snap_1', 'snap_2'], snapshots: ['a', 'b'] }, 'the snapshots a, b of demo were removed'],
  ['operation.step', { operationId: 'op_1', kind: 'environment.start', step: 'disk.clone', number: 2, of: 5 }, 'environment.start demo: step 2 of 5, disk.clone'],
  ['operation.failed', { operationId: 'op_1', kind: 'image.build', error: { code: 'timeout', message: 'Too slow' } }, 'image.build demo: failed: Too slow'],
  ['incident.fix', { what: 'Ask the host for more', automatic: true, outcome: 'not-fixed', detail: 'Rolled back to snap1' }, 'demo: Ask the host for more: not-fixed (automatic). Rolled back to snap1'],
  ['incident.escalated', { category: 'OUT_OF_MEMORY', place: 'kernel', message: 'Out of memory', reason: 'No allowed profile has more memory', todo: 'Reduce the memory use of its programs.' }, 'demo needs attention: OUT_OF_MEMORY in kernel: Out of memory. No allowed profile has more memory. Reduce the memory use of its programs.'],
  ['something.new', { a: 1 }, 'demo: something.new {"a":1}'],
])('%s %j reads as a sentence', (type, data, sentence) => {
  expect(eventSentence(event(type, data))).toBe(sentence);
});

test('A line has the local time, and nothing in it controls the terminal', () => {
  expect(eventLine(event('environment.stopped', {}, { type: 'environment', id: 'env_1', name: 'a\u001b[2J\nb' }))).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:05 {2}a\\x1b\[2J\\nb was stopped$/);
});
