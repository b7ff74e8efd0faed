// The `somnus` process. For a fast start, commands load what they need when they run.
import './compile-in-main-thread.ts'; // before any other code runs
import { processSettings } from '../../common/process-settings.ts';
import { exitCodes } from './exit-codes.ts';
import { runCli } from './run-cli.ts';

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? exitCodes.brokenPipe : exitCodes.error));
}

// Reports errors thrown outside of any call like all others, without a stack trace.
process.on('uncaughtException', (error) => {
  process.stderr.write(`error: ${error.message}\nhint: This is a bug.\n`);
  process.exit(exitCodes.error);
});

const code = await runCli(process.argv.slice(2), processSettings());
// Waits for pending output; process.exit would cut it off when the reader is slow.
await Promise.all([process.stdout, process.stderr].map(async (stream) => await new Promise((resolve) => stream.write('', resolve))));
// Exits explicitly, because an open connection or standard input would keep the process alive.
process.exit(code);
