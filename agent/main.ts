// The agent's composition root: wires the port, the HTTP server and the content they serve. Bundled into one file when the image is built.
import { mkdirSync, writeFileSync } from 'node:fs';
import { AGENT_HTTP_PORT, AGENT_PORT_NAME, ANSWER_FIRST_MS } from './constants.ts';
import { SomnusError } from '../common/errors.ts';
import { checkApplyFix, checkCommandFailed, checkIdentity, checkLearnBenign, checkNothing, checkOffset, checkPowerOff, checkRecordHostFix, checkSetClock, checkSetEngine, checkSetFixes, checkSetVcpus, checkSoftReboot, checkWatch } from './check-params.ts';
import type { AgentStatus } from './contract.ts';
import { DiskGrowth } from './disk-growth.ts';
import type { GuestHealth } from './guest-health.ts';
import { powerOff, RunningGuest, setVcpus, writeBack } from './guest-control.ts';
import { IdentityKeeper } from './identity-keeper.ts';
import { PortProtocol, type PortHandlers } from './port-protocol.ts';
import { agentStatus } from './readiness.ts';
import { GpuStats } from './gpu-stats.ts';
import { openVirtioPort, SerialPort } from './serial-port.ts';
import { GuestStats, memoryOf } from './stats.ts';
import { runProgram } from './watch/run-program.ts';

/** Inserted by the bundler. */
declare const SOMNUS_AGENT_VERSION: string;

/** How often, and how many times, the agent checks whether the identity it applied is in effect. */
const READY_POLL_MS = 50;
const READY_POLLS = 600;
/** The rest of the boot begins when the host has seen over the network that the guest is ready, or at the latest this long after it became ready. */
const REST_OF_BOOT_AFTER_MS = 5000;
/** Matches /etc/systemd/system.conf.d/somnus.conf: the watchdog device reports to the host when PID 1, or the whole kernel, has been silent for this long. */
const WATCHDOG_S = 30;
const INIT_ANSWERS_WITHIN_MS = 8000;
const WRITE_BACK_WITHIN_MS = 4000;
const WATCHDOG_TIMEOUT_MS = 60_000;
/** A third of the time after which systemd restarts an agent that hangs: see WatchdogSec in somnus-agent.service. */
const KEEP_ALIVE_MS = 15_000;

/** How often the agent checks its own memory and that of its engine, and how much they may use before the parts of their programs that are not in use are released. */
const OWN_MEMORY_MS = 60_000;
const MIB = 2 ** 20;
const OWN_MEMORY_BYTES = { agent: { resident: 50 * MIB, program: 24 * MIB }, engine: { resident: 100 * MIB, program: 24 * MIB } } as const;

const log = (message: string): void => { process.stdout.write(`somnus-agent: ${message}\n`); };

const stats = new GuestStats();
const guest = new RunningGuest();
const keeper = new IdentityKeeper({ system: guest });
const growth = new DiskGrowth({ log });
const identified = Promise.withResolvers<void>();
let health: GuestHealth | undefined;
const status = (): AgentStatus => agentStatus({ agentVersion: SOMNUS_AGENT_VERSION, keeper, stats, growth });

const handlers: PortHandlers = {
  async status(params) {
    checkNothing(params);
    return status();
  },
  async stats(params) {
    checkNothing(params);
    return { ...stats.basic(), incidents: health?.revision ?? null };
  },
  async identify(params) {
    const identity = checkIdentity(params);
    await keeper.apply(identity);
    log(`identity ${identity.generation} of ${identity.environmentId} applied`);
    return await whenReady().finally(identified.resolve);
  },
  async setClock(params) {
    await guest.setClock(checkSetClock(params).unixMs);
    return { unixMs: Date.now() };
  },
  async setVcpus(params) {
    setVcpus(checkSetVcpus(params).online);
    return { vcpusOnline: stats.vcpusOnline() };
  },
  async checkInit(params) {
    checkNothing(params);
    if (stats.initCrashed()) {
      await writeBack(WRITE_BACK_WITHIN_MS); // the host may restart the VM next
      return { answers: false, crashed: true };
    }
    const { initAnswers } = await import('./systemd-bus.ts');
    const answers = await initAnswers(INIT_ANSWERS_WITHIN_MS);
    if (answers) void rearmWatchdog(); // the device fires once and is then off
    return { answers, crashed: false };
  },
  async powerOff(params) {
    const { mode } = checkPowerOff(params);
    setTimeout(() => powerOff(mode), ANSWER_FIRST_MS);
    return {};
  },
  async watch(params) {
    stats.watch(checkWatch(params).names);
    return {};
  },
  async health(params) {
    checkNothing(params);
    return ready().health();
  },
  async incidents(params) {
    return ready().incidents(checkOffset(params).offset);
  },
  async softReboot(params) {
    return await ready().softReboot(checkSoftReboot(params).deadlineMs);
  },
  async applyFix(params) {
    const { incidentId, fixId } = checkApplyFix(params);
    return await ready().applyFix(incidentId, fixId);
  },
  async recordHostFix(params) {
    const { incidentId, attempt } = checkRecordHostFix(params);
    ready().recordHostFix(incidentId, attempt);
    return {};
  },
  async learnBenign(params) {
    ready().learn(checkLearnBenign(params).incidentId);
    return {};
  },
  async setFixes(params) {
    await ready().setFixes(checkSetFixes(params).mode);
    return {};
  },
  async setEngine(params) {
    await ready().setEngine(checkSetEngine(params).engine);
    return {};
  },
  async commandFailed(params) {
    const { program, output } = checkCommandFailed(params);
    ready().commandFailed(program, output);
    return {};
  },
  async reloadConfig(params) {
    checkNothing(params);
    await ready().reload();
    return {};
  },
};

const serial = new SerialPort({
  open: () => openVirtioPort(AGENT_PORT_NAME),
  log,
  handlers: {
    connected: () => protocol.notify({ event: 'status', status: status() }),
    data: (chunk) => protocol.receive(chunk),
    disconnected: () => protocol.reset(),
  },
});
const protocol = new PortProtocol(handlers, (bytes) => serial.send(bytes));

/** @throws SomnusError `unavailable` while the guest is starting */
function ready(): GuestHealth {
  if (health === undefined) throw new SomnusError('unavailable', 'The guest is still starting and does not read its logs yet');
  return health;
}

/** Waits until the guest is ready and then notifies the host; returns the status in either case. */
async function whenReady(): Promise<AgentStatus> {
  let now = status();
  for (let polls = 0; !now.ready && polls < READY_POLLS; polls += 1) {
    await new Promise((resolve) => { setTimeout(resolve, READY_POLL_MS); });
    now = status();
  }
  if (now.ready) {
    mkdirSync('/run/somnus', { recursive: true });
    writeFileSync('/run/somnus/agent-ready', ''); // the helper reports it after a load
    protocol.notify({ event: 'status', status: now });
    setTimeout(startRestOfBoot, REST_OF_BOOT_AFTER_MS);
  }
  return now;
}

/** Creates the file that systemd waits for before it starts what is not needed for readiness: see somnus-rest.path. */
function startRestOfBoot(): void {
  mkdirSync('/run/somnus', { recursive: true });
  writeFileSync('/run/somnus/ready', '');
}

/** Switches the watchdog off first, because systemd reopens the device only when its timeout changes. */
async function rearmWatchdog(): Promise<void> {
  try {
    const { setRuntimeWatchdog } = await import('./systemd-bus.ts'); // loaded only when needed, so that it does not delay readiness
    await setRuntimeWatchdog(0, WATCHDOG_TIMEOUT_MS);
    await setRuntimeWatchdog(WATCHDOG_S, WATCHDOG_TIMEOUT_MS);
  } catch (error) {
    log(`watchdog: ${String(error)}`);
  }
}

function releaseUnusedProgram(): void {
  for (const [pid, most] of [[process.pid, OWN_MEMORY_BYTES.agent], [health?.enginePid, OWN_MEMORY_BYTES.engine]] as const) {
    if (pid === undefined) continue;
    try {
      const { residentBytes, programBytes } = memoryOf(pid);
      if (residentBytes > most.resident && programBytes > most.program) guest.releaseProgram(pid);
    } catch {
      // the engine has just ended
    }
  }
}

/** Saves what was read since the last save, then exits. */
async function end(): Promise<void> {
  await health?.stop();
  process.kill(process.pid, 'SIGTERM');
}

async function main(): Promise<never> {
  process.once('SIGTERM', () => void end());
  setInterval(() => guest.keepAlive(), KEEP_ALIVE_MS);
  void growth.run();
  const port = serial.run();
  if (keeper.current) {
    await keeper.repairNetwork().catch((error: unknown) => log(`network: ${String(error)}`));
    void whenReady().finally(identified.resolve);
  }
  // Loads the HTTP server only now, because it takes long: HTTP clients come through SSH, which waits for an identity too.
  await identified.promise;
  const { serveHttp } = await import('./http-server.ts');
  const gpus = new GpuStats(runProgram);
  await serveHttp({ status, stats: async () => ({ ...stats.basic(), gpus: await gpus.read() }), health: ready, readyReported: startRestOfBoot }, AGENT_HTTP_PORT);
  guest.prepare();
  const { GuestHealth: Health } = await import('./guest-health.ts');
  health = new Health({ agentVersion: SOMNUS_AGENT_VERSION, log });
  setInterval(releaseUnusedProgram, OWN_MEMORY_MS);
  return await port;
}

void main();
