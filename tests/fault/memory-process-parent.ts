// Starts a memory process and reports its process id; memory-process.test.ts kills this process, the parent.
import { MemoryProcess } from '../../orchestrator/memory/process/memory-process-handle.ts';
import { scratchMemory } from '../support/memory.ts';

const scratch = scratchMemory();
await scratch.parts.memory.opened();
const { current } = scratch.parts.memory;
if (current instanceof MemoryProcess) console.log(current.pid);
setInterval(() => {}, 1000); // lives until it is killed
