// somnus up: starts the control plane and waits until it can serve.
import type { ChildProcess } from 'node:child_process';
import { loadConfig } from '../../../common/config.ts';
import { sleep, stretchDeadlines, stretched } from '../../../common/deadline.ts';
import { SomnusError } from '../../../common/errors.ts';
import type { ProcessSettings } from '../../../common/process-settings.ts';
import type { PartReport, Readiness } from '../../client/schema.d.ts';
import { apiUrl } from '../api/api-address.ts';
import { ApiClient, isConnectionError } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { becomeControlPlane, logFileOf, printedBy, runningControlPlane, startControlPlane } from '../host/control-plane-process.ts';
import { isSystemdService, systemctl } from '../host/systemd-unit.ts';
import { formatDuration } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';

/** The first start creates the storage pool, which is slow on a slow disk. */
const readyTimeoutMs = 300_000;
const pollMs = 200;

export async function up(cli: Cli, _args: unknown, options: { foreground: boolean }): Promise<void> {
  if (process.getuid?.() !== 0) throw new SomnusError('forbidden', 'Only root can start the control plane', { hint: 'sudo somnus up' });
  const config = loadConfig(cli.settings.configFile);
  stretchDeadlines(config.deadlineScale);
  if (options.foreground) becomeControlPlane();
  const url = await apiUrl({ ...cli.settings, apiUrl: undefined });
  const api = new ApiClient(url, { key: undefined, advice: '' });
  const before = await readiness(api);
  const running = before !== undefined || runningControlPlane(config.dataDir) !== undefined;
  const child = running ? undefined : await start(cli.settings, config.dataDir);
  const serving = before?.ready === true ? undefined : await untilReady(cli, api, config.dataDir, child);
  const pid = runningControlPlane(config.dataDir)?.pid ?? serving?.pid;
  const started = !running && (serving === undefined || serving.pid === pid);
  cli.out.result({ running: true, started, url, pid: pid ?? null }, () => `The control plane is ${started ? 'running' : 'already running'} at ${url}${pid === undefined ? '' : `, pid ${pid}`}`);
}

/** Undefined when systemd started it. */
async function start(settings: ProcessSettings, dataDir: string): Promise<ChildProcess | undefined> {
  if (!isSystemdService(settings.configFile)) return startControlPlane(dataDir);
  await systemctl('start');
  return undefined;
}

/** Returns the process that was started last, if any. If another `somnus up` was faster, that one's process serves. */
async function untilReady(cli: Cli, api: ApiClient, dataDir: string, first: ChildProcess | undefined): Promise<ChildProcess | undefined> {
  const startedAtMs = performance.now();
  let child = first;
  let lastShown = '';
  for (;;) {
    const found = await readiness(api);
    // The run file is written last and names the process that serves if two were started at once.
    if (found?.ready === true && (child === undefined || runningControlPlane(dataDir) !== undefined)) break;
    if (child !== undefined && hasExited(child) && found === undefined && runningControlPlane(dataDir) === undefined) {
      if (child.exitCode !== exitCodeOf.in_use) throw notStarted(dataDir);
      child = startControlPlane(dataDir); // another one is starting or stopping; this one replaces it if that one never serves
    }
    const waitsFor = found === undefined ? 'the control plane to listen' : found.waitingFor.map(partText).join(', ');
    if (waitsFor !== lastShown) cli.out.note(`Waiting for ${waitsFor} (${formatDuration(performance.now() - startedAtMs)})`);
    lastShown = waitsFor;
    const failed = found?.waitingFor.find(({ code }) => code !== null && !passing.includes(code));
    if (failed !== undefined) throw notReady(failed, dataDir);
    if (performance.now() - startedAtMs > stretched(readyTimeoutMs)) throw new SomnusError('timeout', `The control plane is still waiting for ${waitsFor}`, { hint: `It keeps trying; see ${logFileOf(dataDir)} and \`somnus doctor\`.` });
    await sleep(pollMs);
  }
  child?.unref();
  return child;
}

function partText({ name, message }: PartReport): string {
  return message === null ? name : `${name} (${sanitize(message)})`;
}

/** Errors that may pass without action, for example while libvirtd starts. */
const passing: readonly string[] = ['unavailable', 'timeout', 'libvirt', 'command_failed', 'interrupted'];

function notReady({ name, message }: PartReport, dataDir: string): SomnusError {
  return new SomnusError('unavailable', `The control plane is running without ${name}: ${message}`, { hint: `It keeps trying, and everything that does not need ${name} works. See \`somnus doctor\`; the log is ${logFileOf(dataDir)}.` });
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Undefined when nothing answers. */
async function readiness(api: ApiClient): Promise<Readiness | undefined> {
  try {
    return await api.readiness();
  } catch (error) {
    if (isConnectionError(error)) return undefined;
    throw error;
  }
}

/** The control plane prints the reason itself, in two lines as the CLI does. */
function notStarted(dataDir: string): SomnusError {
  const said = printedBy(dataDir);
  const message = /^error: (.*)$/m.exec(said)?.[1] ?? said.split('\n').at(-1);
  const hint = /^hint: (.*)$/m.exec(said)?.[1];
  return new SomnusError('unavailable', `The control plane did not start${message ? `: ${message}` : ''}`, { hint: `${hint ? `${hint} ` : ''}The log is ${logFileOf(dataDir)}.` });
}
