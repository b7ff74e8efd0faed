// The `somnus` command as a process. It starts in a moment: whatever a command needs is loaded when it runs.
import { processSettings } from '../../common/process-settings.ts';
import { exitCodes } from './exit-codes.ts';
import { runCli } from './run-cli.ts';

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? exitCodes.brokenPipe : exitCodes.error));
}

// Whatever is thrown where nobody waits for it: said as any other error, never as a stack trace.
process.on('uncaughtException', (error) => {
  process.stderr.write(`error: ${error.message}\nhint: This is a bug.\n`);
  process.exit(exitCodes.error);
});

const code = await runCli(process.argv.slice(2), processSettings());
// What was written may still be on its way when the reader is slow: process.exit would cut it off.
await Promise.all([process.stdout, process.stderr].map(async (stream) => await new Promise((resolve) => stream.write('', resolve))));
// Explicitly, because an open connection or standard input must not keep it alive.
process.exit(code);
