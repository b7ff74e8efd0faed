// The control plane's process: reads the configuration, starts everything, and stops it on SIGTERM, SIGINT or a request through the API.
import { join } from 'node:path';
import { claimFolder, dataFolder } from '../common/claimed-folder.ts';
import { loadConfig } from '../common/config.ts';
import { stretchDeadlines } from '../common/deadline.ts';
import { toSomnusError, type SomnusError } from '../common/errors.ts';
import { createLogger } from '../common/log.ts';
import { dataPaths } from '../common/paths.ts';
import { processSettings } from '../common/process-settings.ts';
import { exitCodeOf } from './cli/exit-codes.ts';
import { startControlPlane } from './control-plane.ts';

const SHUTDOWN_TIMEOUT_MS = 45_000;

const settings = processSettings();
const config = loadConfig(settings.configFile);
stretchDeadlines(config.deadlineScale);
try {
  claimFolder(config.dataDir, dataFolder); // before the log is created in it
} catch (thrown) {
  end(toSomnusError(thrown));
}
const log = createLogger({ level: config.log.level, destination: join(dataPaths(config.dataDir).logDir, 'control-plane.log') });

process.on('unhandledRejection', (error) => {
  log.fatal({ event: 'control-plane.unhandled-rejection', err: error });
  process.exit(1); // its supervisor restarts it, and interrupted operations resume
});

try {
  const ending = new AbortController();
  const signalled = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      ending.abort();
      signalled.resolve();
      setTimeout(() => process.exit(1), SHUTDOWN_TIMEOUT_MS).unref();
    });
  }
  const controlPlane = await startControlPlane({ config, log, keyFile: config.api.keyFile ?? settings.keyFile, signal: ending.signal, fault: settings.fault });
  await Promise.race([controlPlane.shutdownAsked, signalled.promise]);
  log.info({ event: 'control-plane.ending' });
  setTimeout(() => process.exit(1), SHUTDOWN_TIMEOUT_MS).unref();
  await controlPlane[Symbol.asyncDispose]();
  log.info({ event: 'control-plane.ended' });
  process.exit(0);
} catch (thrown) {
  const error = toSomnusError(thrown);
  if (error.code === 'cancelled') process.exit(0); // asked to stop while it was starting
  log.fatal({ event: 'control-plane.not-started', err: error });
  end(error);
}

/** Prints the reason for the caller, such as `somnus up`; the exit code shows whether another control plane runs. */
function end(error: SomnusError): never {
  process.stderr.write(`error: ${error.message}\nhint: ${error.hint}\n`);
  process.exit(exitCodeOf[error.code]);
}
