// Collaborations on a real database, with VMs in memory: they can stop, become unreachable and come back, and the control plane can be killed at any step.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { ProgramRecord } from '../../agent/contract/programs.ts';
import { SomnusError } from '../../common/errors.ts';
import type { ExecRequest, GuestChannel, GuestProcess } from '../../supervisor/guest/guest-channel.ts';
import type { ChatModel } from '../../orchestrator/collaboration/chat-model.ts';
import { CollaborationBoard } from '../../orchestrator/collaboration/collaboration-board.ts';
import { CollaborationManager } from '../../orchestrator/collaboration/collaboration-manager.ts';
import { CollaborationRunner } from '../../orchestrator/collaboration/collaboration-runner.ts';
import { StartCollaboration, type Collaboration } from '../../orchestrator/collaboration/collaboration.ts';
import { MemberInbox } from '../../orchestrator/collaboration/inbox.ts';
import type { CommandJob, MemberJobs } from '../../orchestrator/collaboration/member-jobs.ts';
import { SharedFiles } from '../../orchestrator/collaboration/shared-files.ts';
import { SqliteSharedFiles } from '../../orchestrator/collaboration/sqlite-shared-files.ts';
import { SqliteCollaborations } from '../../orchestrator/collaboration/sqlite-collaborations.ts';
import type { Environment } from '../../orchestrator/environments/environment-schemas.ts';
import { SqliteEventLog } from '../../orchestrator/events/sqlite-event-log.ts';
import { schema } from '../../orchestrator/store/schema.ts';
import { SqliteStore } from '../../orchestrator/store/sqlite-store.ts';
import { environment } from '../contract/api/fake-services.ts';
import { alice, log, scratchFolder } from './operations.ts';

export class FakeMember {
  readonly record: Environment;
  readonly jobs = new Map<string, ProgramRecord & { input: string | null; output: string }>();
  /** Names of the jobs that were started, each once. */
  readonly started: string[] = [];
  reachable = true;
  /** Its files are in this folder instead of /somnus. */
  readonly folder: string;
  readonly channel: GuestChannel;

  constructor(name: string, number: number, folder: string) {
    this.folder = join(folder, name);
    this.channel = folderChannel(this.folder);
    this.record = { ...environment(`env_${'0'.repeat(25)}${number}`, name), owner: alice.user };
  }

  /** All running jobs end. */
  finish(output: string, exitCode = 0): void {
    for (const job of this.jobs.values()) if (job.status === 'running') Object.assign(job, { status: 'ended', exitCode, output, stdoutBytes: Buffer.byteLength(output) });
  }

  get running(): number {
    return [...this.jobs.values()].filter(({ status }) => status === 'running').length;
  }
}

/** Programs and files on this host, with /somnus in a folder. */
function folderChannel(folder: string): GuestChannel {
  const inFolder = (path: string): string => path.replace(/^\/somnus(?=\/)/, folder);
  return {
    exec: async ({ command: [program = '', ...args] }: ExecRequest) => {
      const child = spawn(program, args.map(inFolder), { stdio: 'pipe' });
      return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exit: once(child, 'close').then(([code]) => ({ code: Number(code), signal: null, timedOut: false })) } as unknown as GuestProcess;
    },
    writeFile: async (path: string, content: Readable) => {
      await writeFile(inFolder(path), content);
      return { sizeBytes: 0 };
    },
    readFile: async (path: string) => {
      const file = inFolder(path);
      if (!existsSync(file)) throw new SomnusError('not_found', `${path} does not exist in the VM`);
      return { info: { type: 'file', sizeBytes: 0, mode: 0, modifiedMs: 0 }, content: createReadStream(file) };
    },
  } as unknown as GuestChannel;
}

/** What one process of the control plane consists of. */
interface Plane { store: SqliteStore; events: SqliteEventLog; rows: SqliteCollaborations; board: CollaborationBoard; manager: CollaborationManager; inbox: MemberInbox; runner: CollaborationRunner; files: SharedFiles }

export class CollaborationWorld implements AsyncDisposable {
  readonly members: FakeMember[];
  nowMs = Date.UTC(2026, 0, 1);
  model: ChatModel | undefined;
  /** What the members can reach, by their indexes on the network. */
  peers: readonly (readonly [number, number])[] = [];
  /** Whether a fault has killed the control plane that runs now. */
  killed = false;
  readonly #folder = scratchFolder();
  #plane: Plane;

  constructor(names: readonly string[] = ['a', 'b', 'c']) {
    this.members = names.map((name, at) => new FakeMember(name, at, this.#folder.path));
    this.#plane = this.#open(undefined);
  }

  get manager(): CollaborationManager { return this.#plane.manager; }
  get inbox(): MemberInbox { return this.#plane.inbox; }
  get files(): SharedFiles { return this.#plane.files; }
  get rows(): SqliteCollaborations { return this.#plane.rows; }

  member(name: string): FakeMember {
    const found = this.members.find(({ record }) => record.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  }

  async start(request: Partial<z.input<typeof StartCollaboration>>): Promise<Collaboration> {
    return await this.manager.start(alice, StartCollaboration.parse({ name: 'work', task: 'the task', members: this.members.map(({ record }) => ({ environment: record.name })), ...request }));
  }

  /** Lets the runner do all that it can do now. */
  async settle(): Promise<void> {
    for (let round = 0; round < 6; round += 1) {
      this.#plane.runner.check();
      await this.#plane.runner.settled();
    }
  }

  /** The control plane ends without a chance to do anything else, and another one starts, which `fault` kills at that point. */
  restart(fault?: string): void {
    this.#plane.store.close();
    this.killed = false;
    this.#plane = this.#open(fault);
    this.#plane.board.extendAll(); // as `start` does
  }

  pass(seconds: number): void {
    this.nowMs += seconds * 1000;
  }

  async show(): Promise<Collaboration> {
    return await this.manager.get(alice, 'work');
  }

  async result(): Promise<string> {
    return (await this.manager.result(alice, 'work')).result;
  }

  async eventTypes(): Promise<string[]> {
    return (await this.#plane.events.list(alice, { since: '0', limit: 500 })).items.map(({ type }) => type);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#plane.runner.stop();
    this.#plane.store.close();
    this.#folder[Symbol.dispose]();
  }

  #open(fault: string | undefined): Plane {
    const store = SqliteStore.open({ path: join(this.#folder.path, 'somnus.db'), migrations: schema, log });
    const events = new SqliteEventLog({ store, log });
    const rows = new SqliteCollaborations(store);
    const now = (): Date => new Date(this.nowMs);
    const board = new CollaborationBoard({ store, rows, events, now });
    const environments = { get: async (_caller: unknown, ref: string) => {
      const found = this.members.find(({ record }) => record.name === ref || record.id === ref);
      if (found === undefined) throw new SomnusError('not_found', `There is no environment ${ref}`);
      return found.record;
    } };
    const alive = (): void => {
      if (!store.db.open) throw new Error('this control plane was killed');
    };
    const at = (id: string): FakeMember => {
      alive();
      const member = this.members.find(({ record }) => record.id === id);
      if (member?.reachable !== true) throw new SomnusError('guest_unreachable', 'It does not answer');
      return member;
    };
    const jobs: Pick<MemberJobs, 'start' | 'list' | 'output' | 'stop'> = {
      start: async (_owner, id, { id: jobId, name, command, input }: CommandJob) => {
        const member = at(id);
        if (member.jobs.has(jobId)) return;
        member.started.push(name);
        member.jobs.set(jobId, { id: jobId, name, command: [...command], tty: false, status: 'running', exitCode: null, signal: null, startedMs: 0, endedMs: null, stdoutBytes: 0, stderrBytes: 0, stdoutTail: '', stderrTail: '', input, output: '' });
      },
      list: async (_owner, id) => at(id).jobs,
      output: async (_owner, id, program) => at(id).jobs.get(program.id)?.output ?? '',
      stop: async (_owner, id, jobId) => {
        const job = at(id).jobs.get(jobId);
        if (job !== undefined) Object.assign(job, { status: 'ended', exitCode: 143, signal: 'TERM' });
      },
    };
    const records = { get: (id: string) => {
      const at = this.members.findIndex(({ record }) => record.id === id);
      const member = this.members[at];
      return member === undefined ? undefined : { ...member.record, networkIndex: at + 1 };
    } };
    const network = { setPeers: async (pairs: readonly (readonly [number, number])[]) => { alive(); this.peers = pairs; } };
    const fileRows = new SqliteSharedFiles(store);
    const files = new SharedFiles({ environments: { channel: async (_caller, id) => at(id).channel }, rows, files: fileRows, board, folder: join(this.#folder.path, 'collaborations'), now });
    const manager = new CollaborationManager({ environments, rows, board, files, fileRows, records, hasModel: this.model !== undefined, now });
    const runner = new CollaborationRunner({
      rows, board, jobs, now, log, model: this.model, records, files, network,
      faults: { reached: async ({ step, when }) => {
        alive();
        if (`${step}:${when}` !== fault) return;
        this.killed = true;
        store.close();
        throw new Error('killed');
      } },
    });
    return { store, events, rows, board, manager, runner, files, inbox: new MemberInbox({ environments, rows, board, files, manager }) };
  }
}
