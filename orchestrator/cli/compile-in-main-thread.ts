// Keeps V8 from compiling in the background. When a process exits, Node waits for the threads that do; if one of them waits for a garbage collection, which only the main
// thread can do, the process never ends (nodejs/node#54918). It happened to one in some thousand commands. They are too short to gain from optimized code.
import { setFlagsFromString } from 'node:v8';

for (const flag of ['--no-concurrent-sparkplug', '--no-maglev', '--no-turbofan']) setFlagsFromString(flag);
