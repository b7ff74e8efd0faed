// somnus down: stops the control plane cleanly. VMs keep running.
import { loadConfig } from '../../../common/config.ts';
import { pollUntil, stretchDeadlines } from '../../../common/deadline.ts';
import { SomnusError, toSomnusError } from '../../../common/errors.ts';
import { isConnectionError, type ApiClient } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { isControlPlane, runningControlPlane } from '../host/control-plane-process.ts';
import { isSystemdService, systemctl } from '../host/systemd-unit.ts';

/** Longer than the control plane's own limit. */
const endTimeoutMs = 60_000;

export async function down(cli: Cli): Promise<void> {
  const { dataDir, deadlineScale } = loadConfig(cli.settings.configFile);
  stretchDeadlines(deadlineScale);
  const api = await cli.api();
  const pid = (await serving(api)) ?? runningControlPlane(dataDir)?.pid;
  if (pid === undefined) {
    cli.out.result({ running: false, stopped: false }, () => 'The control plane is not running');
    return;
  }
  if (isSystemdService(cli.settings.configFile) && cli.settings.apiUrl === undefined) await systemctl('stop');
  else await requestShutdown(api, pid);
  await pollUntil('Stopping the control plane', { timeoutMs: endTimeoutMs, intervalMs: 100 }, async () => (isControlPlane(pid) || (await serving(api)) === pid ? undefined : true));
  cli.out.result({ running: false, stopped: true, pid }, () => 'The control plane has stopped; VMs keep running');
}

/** The pid of the control plane that answers. @throws when it refuses to answer, for example with unauthenticated */
async function serving(api: ApiClient): Promise<number | undefined> {
  try {
    return (await api.call('get', '/v1/host', { timeoutMs: 10_000 })).pid;
  } catch (error) {
    if (isConnectionError(error) || isComingUp(error)) return undefined;
    throw error;
  }
}

/** It answers, but not this request yet: read its pid from the run file. */
function isComingUp(error: unknown): boolean {
  return error instanceof SomnusError && (error.code === 'starting' || error.code === 'unavailable');
}

/** Through the API; by signal when it does not answer. Both have the same effect. */
async function requestShutdown(api: ApiClient, pid: number): Promise<void> {
  try {
    await api.call('post', '/v1/host/shutdown', { timeoutMs: 10_000 });
  } catch (error) {
    if (!isConnectionError(error) && !isComingUp(error)) throw error;
    try {
      process.kill(pid, 'SIGTERM');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw toSomnusError(cause);
    }
  }
}
