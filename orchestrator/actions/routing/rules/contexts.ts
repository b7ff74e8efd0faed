// Rules that turn traits into points for contexts.
import type { RuleInput } from '../rule.ts';

export const contextRules: readonly RuleInput[] = [
  { id: 'base', why: 'an environment keeps its files and programs in its VM', scores: { vm: 50, container: 30, hybrid: 15, 'multi-agent': 5 } },
  { id: 'keeps-state', why: 'it changes or needs what is in the VM', traits: ['stateful'], unless: ['heavy', 'untrusted', 'throw-away', 'container-tool'], scores: { vm: 30, container: -10 } },
  { id: 'heavy-alone', why: 'heavy work gets its own limits in a container', traits: ['heavy'], unless: ['staged', 'files-in-and-out'], scores: { container: 35, hybrid: 15 } },
  { id: 'heavy-in-stages', why: 'it is heavy work between preparation and checks, which stay in the VM', traits: ['heavy', 'staged'], scores: { hybrid: 60, container: 20 } },
  { id: 'heavy-with-files', why: 'it is heavy work on files in the VM, with results for the VM', traits: ['heavy', 'files-in-and-out'], scores: { hybrid: 60, container: 20 } },
  { id: 'not-trusted', why: 'untrusted code must not run in the VM', traits: ['untrusted'], scores: { container: 90, vm: -40, hybrid: -10 } },
  { id: 'leaves-nothing', why: 'its results are not needed afterwards', traits: ['throw-away'], scores: { container: 35 } },
  { id: 'uses-containers', why: 'it runs or builds containers', traits: ['container-tool'], scores: { container: 50 } },
  { id: 'for-several-agents', why: 'it is work for several agents', traits: ['several-agents'], scores: { 'multi-agent': 120 } },
  { id: 'uses-gpu', why: 'only containers get GPUs', traits: ['gpu'], scores: { container: 25, hybrid: 10 } },
  { id: 'ran-long', why: 'it took a long time in the past', traits: ['long'], unless: ['stateful'], scores: { container: 15, hybrid: 10 } },
  { id: 'ran-short', why: 'it took less than a second in the past', traits: ['short'], unless: ['untrusted'], scores: { vm: 20 } },
  { id: 'failed-here', why: 'it recently failed in the VM several times in a row', traits: ['failed-in-vm'], scores: { vm: -10 } },
  { id: 'ran-out-of-memory', why: 'it was killed in the VM in the past, perhaps for lack of memory', traits: ['out-of-memory'], scores: { vm: -15, container: 20 } },
  { id: 'busy-vm', why: 'the VM is busy now', traits: ['vm-busy'], unless: ['stateful', 'short'], scores: { container: 15, hybrid: 10 } },
];
