// The real API with services in memory, and one environment that is real inside: an sshd on this host, reached like a VM.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { Config } from '../../../common/config.ts';
import { bundleProgramHolder } from '../../../images/agent-bundle.ts';
import type { CollaborationRunner } from '../../../orchestrator/collaboration/collaboration-runner.ts';
import { composeCollaboration } from '../../../orchestrator/compose-collaboration.ts';
import { JobManager } from '../../../orchestrator/jobs/job-manager.ts';
import { ProgramHolder } from '../../../supervisor/guest/program-holder.ts';
import type { SomnusError } from '../../../common/errors.ts';
import type { ActionRunnerDeps } from '../../../orchestrator/actions/action-runner.ts';
import { PortPublisher } from '../../../orchestrator/ports/port-publisher.ts';
import { SqlitePorts } from '../../../orchestrator/ports/sqlite-ports.ts';
import { SessionReader } from '../../../orchestrator/sessions/session-reader.ts';
import { SqliteSessions } from '../../../orchestrator/sessions/sqlite-sessions.ts';
import { createMetrics } from '../../../orchestrator/api/prom-client-metrics.ts';
import { allReady } from '../api/harness.ts';
import { createApiServer, type ApiServer } from '../../../orchestrator/api/server.ts';
import type { Services } from '../../../orchestrator/api/services.ts';
import type { GuestChannel } from '../../../supervisor/guest/guest-channel.ts';
import type { BrowserService } from '../../../orchestrator/browser/browser-service.ts';
import type { Ssh2Channel } from '../../../supervisor/guest/ssh2-channel.ts';
import { scratchActions, type ScratchActions } from '../../support/scratch-actions.ts';
import { GuestSshd } from '../../support/guest-sshd.ts';
import { environment, ENV_A, FakeServices, keys, operation } from '../api/fake-services.ts';
import { Somnus } from './somnus-process.ts';

export class SshdEnvironment implements AsyncDisposable {
  readonly somnus: Somnus;
  readonly url: string;
  /** Thrown by each use of the environment. */
  fault: SomnusError | undefined;
  readonly #sshd: GuestSshd;
  readonly #channel: Ssh2Channel;
  readonly #server: ApiServer;

  readonly #actions: ScratchActions;
  readonly #ports: PortPublisher;
  readonly #collaborations: CollaborationRunner;

  private constructor(sshd: GuestSshd, channel: Ssh2Channel, server: ApiServer, actions: ScratchActions, ports: PortPublisher, collaborations: CollaborationRunner, url: string) {
    this.#sshd = sshd;
    this.#channel = channel;
    this.#server = server;
    this.#actions = actions;
    this.#ports = ports;
    this.#collaborations = collaborations;
    this.url = url;
    this.somnus = new Somnus({ SOMNUS_API: url, SOMNUS_KEY: keys.admin });
  }

  /** An environment named demo. Its actions cannot use containers unless `more` provides them; without `browser`, nothing happens in its browser. */
  static async start(more: Partial<ActionRunnerDeps> = {}, browser?: { service: BrowserService }): Promise<SshdEnvironment> {
    const sshd = await GuestSshd.start();
    const channel = sshd.channel();
    const fake = new FakeServices();
    fake.all.set(ENV_A, environment(ENV_A, 'demo'));
    const made: { it?: SshdEnvironment } = {};
    const use = async (caller: Parameters<Services['environments']['get']>[0], ref: string): Promise<void> => {
      await fake.environments.get(caller, ref);
      if (made.it?.fault) throw made.it.fault;
    };
    const environments: Services['environments'] = {
      ...fake.environments,
      exec: async (caller, ref, request, signal) => {
        await use(caller, ref);
        return await channel.exec(request, signal);
      },
      channel: async (caller, ref) => {
        await use(caller, ref);
        return channel;
      },
    };
    const { agents, audit, autoscaling, browsers: fakeBrowsers, documents, snapshots, operations, events, keys: keyDoor, packs, profiles, profileChanges, images, host, quarantine, secrets, ssh, users } = fake;
    const actions = scratchActions(environments, [environment(ENV_A, 'demo')], more);
    const artifactRuns = fake.scratchArtifacts.runner({ environments, ...(more.containers === undefined ? {} : { containers: more.containers }) });
    const bundle = bundleProgramHolder();
    const holder = (to: GuestChannel): ProgramHolder => new ProgramHolder(to, async () => await bundle, { runDir: join(sshd.folder, 'run'), folder: join(sshd.folder, 'programs') });
    const jobs = new JobManager({ environments, events: actions.events, watch: () => {}, holder });
    const log = pino({ level: 'silent' });
    const records = { get: (id: string) => (id === ENV_A ? { ...environment(ENV_A, 'demo'), networkIndex: 1 } : undefined) };
    const ports = new PortPublisher({ ports: new SqlitePorts(actions.store), records, environments, operations: { wait: async () => operation() }, events: actions.events, log });
    const collaboration = composeCollaboration({ config: Config.parse({}), paths: { collaborationsDir: join(sshd.folder, 'collaborations') }, store: actions.store, events: actions.events, environments, records, network: { setPeers: async () => {} }, holder, watch: () => {}, now: () => new Date(), log, intervalMs: 100 });
    collaboration.collaborationRunner.start();
    const { collaborations, inboxes } = collaboration;
    const sessions = new SessionReader({ environments, events: actions.events, inboxes, memory: fake.memory, sessions: new SqliteSessions(actions.store), log });
    const server = createApiServer({
      services: () => ({ actions: actions.runner, get artifacts() { return fake.artifacts; }, artifactRuns, jobs, browsers: browser?.service ?? fakeBrowsers, ports, collaborations, inboxes, sessions, audit, documents, environments, agents, autoscaling, snapshots, operations, events, keys: keyDoor, packs, profiles, profileChanges, images, host, quarantine, secrets, ssh, users, get memory() { return fake.memory; }, get research() { return fake.research; }, get idempotency() { return fake.idempotency; } }), parts: allReady(), metrics: createMetrics([], log), log, version: '0.1.0', maxBodyBytes: 65_536,
    });
    made.it = new SshdEnvironment(sshd, channel, server, actions, ports, collaboration.collaborationRunner, await server.listen('127.0.0.1', 0));
    return made.it;
  }

  /** Stops the API. Repeatable. */
  async closeApi(): Promise<void> {
    await this.#server.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeApi();
    await this.#ports.stop();
    await this.#collaborations.stop();
    await this.#channel.close();
    this.#actions[Symbol.dispose]();
    const holder = Number(await readFile(join(this.#sshd.folder, 'run/programs.sock.pid'), 'utf8').catch(() => ''));
    if (holder > 0) process.kill(holder, 'SIGKILL'); // 0 would be this test run
    await this.#sshd[Symbol.asyncDispose]();
  }
}
