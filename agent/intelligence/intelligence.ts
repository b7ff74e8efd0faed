// What the agent knows about errors in this VM: reads the sources, keeps the incidents, and saves both. Loaded after the guest is ready.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { writeFileDurably } from '../../common/durable-file.ts';
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { AgentConfig } from '../contract/agent-config.ts';
import type { FixAttempt } from '../contract/fixing.ts';
import type { Incident, IncidentPage, IntelligentStats } from '../contract/incident.ts';
import { Incidents } from '../errors/incidents.ts';
import { LineClassifier } from '../errors/line-classifier.ts';
import { plainText } from '../errors/reading/plain-text.ts';
import { EngineProcess } from '../engine/engine-process.ts';
import { Recovery } from '../fixing/recovery.ts';
import { runProgram, type RunProgram } from '../watch/run-program.ts';
import { defaultConfig, readConfig } from './check-config.ts';
import { FileSource } from './file-source.ts';
import { JournalSource, type JournalPosition } from './journal-source.ts';
import { LogPipeline } from './log-pipeline.ts';
import { readSavedState, writeSavedState, type SavedState } from './saved-state.ts';

export interface IntelligenceOptions {
  log: (message: string) => void;
  run?: RunProgram;
  /** Tests replace it. */
  root?: string;
  engineCommand?: readonly [program: string, ...args: string[]];
  journalProgram?: readonly [command: string, ...args: string[]];
  saveAfterMs?: number;
}

const CONFIG_FILE = 'etc/somnus/agent.json';
const STATE_FILE = 'var/lib/somnus/incidents.json';
/** Templates whose verdicts are cached in a guest, up to a kilobyte each. */
const CACHED_TEMPLATES = 1000;
/** Where `upgrade-agent --engine embedding` installs the engine. */
const ENGINE_FOLDER = '/usr/local/lib/somnus/engine';
const ENGINE_COMMAND: readonly [string, ...string[]] = ['/usr/local/bin/node', '--max-old-space-size=64', '--max-semi-space-size=1', `${ENGINE_FOLDER}/engine.js`, ENGINE_FOLDER];
const SAVE_AGAIN_MS = 30_000;
/** When the mode becomes `act`, fixes are tried for incidents with a line within this time. */
const RECENT_MS = 15 * 60_000;
/** Incidents per answer, which must fit into a line on the port. */
const MAX_PAGE = 20;

export class Intelligence {
  readonly #options: IntelligenceOptions;
  readonly #started = randomUUID().slice(0, 8);
  readonly #configFile: string;
  readonly #stateFile: string;
  readonly #incidents: Incidents;
  #pipeline: LogPipeline;
  #engine: EngineProcess | undefined;
  readonly #recovery: Recovery;
  #config: AgentConfig = defaultConfig;
  #problem: string | undefined;
  #journal: JournalSource | undefined;
  #journalPosition: JournalPosition | undefined;
  #files: FileSource;
  #saveTimer: NodeJS.Timeout | undefined;
  #saveDelays = 0;
  #saving: Promise<void> = Promise.resolve();
  #saveProblem: string | undefined;

  /** Starts reading the sources where an earlier process stopped. */
  constructor(options: IntelligenceOptions) {
    const { root = '/', log } = options;
    this.#options = options;
    this.#configFile = join(root, CONFIG_FILE);
    this.#stateFile = join(root, STATE_FILE);
    const saved = readSavedState(this.#stateFile, log);
    this.#incidents = new Incidents(saved?.incidents);
    this.#journalPosition = saved?.journal ?? undefined;
    this.#pipeline = this.#newPipeline();
    this.#recovery = new Recovery({ incidents: this.#incidents, mode: () => this.#config.fixes, run: options.run ?? runProgram, log, onAttempt: () => this.#saveLater() });
    try {
      this.#config = readConfig(this.#configFile);
    } catch (error) {
      this.#refuse(error);
    }
    this.#startEngine();
    this.#files = this.#follow(saved?.files ?? [], saved !== undefined);
    if (saved === undefined) void this.#save(); // so that the next process continues from here even if this one is killed before its first incident
  }

  get config(): AgentConfig {
    return this.#config;
  }

  /** Reloads the configuration. @throws SomnusError `config_invalid`; the previous configuration then stays in effect */
  reload(): AgentConfig {
    try {
      this.#config = readConfig(this.#configFile);
    } catch (error) {
      this.#refuse(error);
      throw error;
    }
    this.#problem = undefined;
    const { positions } = this.#files;
    this.#stopSources();
    this.#startEngine();
    this.#files = this.#follow(positions, true);
    return this.#config;
  }

  /** The process of the embedding engine, once it has loaded its model. */
  get enginePid(): number | undefined {
    return this.#engine?.pid;
  }

  /** Changes whenever an incident changes and whenever the agent starts. */
  get revision(): string {
    return `${this.#started}-${this.#incidents.changes}`;
  }

  all(nowMs: number): Incident[] {
    return this.#incidents.list(nowMs);
  }

  /** A page of incidents, most recent first. */
  incidents(offset: number, nowMs = Date.now()): IncidentPage {
    const all = this.#incidents.list(nowMs).toSorted((a, b) => b.lastAtMs - a.lastAtMs);
    const items = all.slice(offset, offset + MAX_PAGE);
    return { items, total: all.length, nextOffset: offset + items.length < all.length ? offset + items.length : null };
  }

  /** Applies a fix on request. @throws as Recovery.apply */
  async applyFix(incidentId: string, fixId: string | undefined): Promise<FixAttempt> {
    return await this.#recovery.apply(incidentId, fixId);
  }

  /** Records what the host has tried, and closes the incident if that has fixed it. Repeatable. @throws SomnusError `not_found` */
  recordHostFix(incidentId: string, attempt: FixAttempt): void {
    const incident = this.#incidents.get(incidentId);
    if (incident === undefined) throw new SomnusError('not_found', `There is no incident ${incidentId}`);
    if (incident.attempts.some(({ fixId, atMs }) => fixId === attempt.fixId && atMs === attempt.atMs)) return;
    this.#incidents.addAttempt(incidentId, attempt);
    if (attempt.outcome === 'fixed') this.#incidents.close(incidentId, `fixed: ${attempt.what}`, Date.now());
    this.#saveLater();
  }

  /** Reads the end of a failed command's output like a log. */
  commandFailed(program: string, output: string): void {
    for (const text of output.split('\n')) this.#pipeline.take({ place: `command ${plainText(program)}`, text, atMs: Date.now() });
    this.#saveLater();
  }

  /** Marks an incident as not an error: its template no longer opens one. @throws SomnusError `not_found` */
  learn(incidentId: string): void {
    if (!this.#incidents.learn(incidentId)) throw new SomnusError('not_found', `There is no incident ${incidentId}`);
    this.#saveLater();
  }

  /** Writes settings to the configuration file. @throws SomnusError `config_invalid` when the current configuration is invalid */
  async set(settings: Pick<AgentConfig, 'fixes'> | Pick<AgentConfig, 'engine'>): Promise<void> {
    await writeFileDurably(this.#configFile, `${JSON.stringify({ ...readConfig(this.#configFile), ...settings }, undefined, 2)}\n`, 0o644);
    this.#config = readConfig(this.#configFile);
    if ('engine' in settings) this.#startEngine();
    const nowMs = Date.now();
    for (const incident of this.#incidents.list(nowMs)) if (incident.closedAtMs === null && Math.abs(nowMs - incident.lastAtMs) <= RECENT_MS) void this.#recovery.consider(incident);
  }

  stats(nowMs = Date.now()): IntelligentStats {
    const all = this.#incidents.list(nowMs);
    return {
      unixMs: nowMs,
      engine: this.#engine?.ready === true ? 'embedding' : 'rules',
      open: all.filter(({ closedAtMs }) => closedAtMs === null).length,
      total: all.length,
      uncollected: this.#incidents.uncollected,
      linesRead: this.#pipeline.lines,
      linesDropped: this.#journal?.dropped ?? 0,
      filesFollowed: this.#files.files,
      filesSkipped: this.#files.skipped,
      fixes: this.#config.fixes,
      learned: this.#incidents.learned,
      problems: [this.#problem, this.#journal?.problem, this.#saveProblem, this.#engine?.problem].filter((each) => each !== undefined).map((each) => plainText(each).slice(0, 200)),
    };
  }

  /** Stops reading and saves. */
  async stop(): Promise<void> {
    this.#recovery.stop();
    this.#stopSources();
    this.#engine?.stop();
    clearTimeout(this.#saveTimer);
    await this.#save();
    clearTimeout(this.#saveTimer);
  }

  /** Starts the embedding engine if it is configured, with an empty cache. */
  #startEngine(): void {
    this.#engine?.stop();
    this.#engine = undefined;
    const { engineCommand = ENGINE_COMMAND, log } = this.#options;
    if (this.#config.engine === 'embedding') {
      this.#engine = new EngineProcess({ command: engineCommand, log });
      this.#engine.start();
    }
    this.#pipeline.flush();
    this.#pipeline = this.#newPipeline(this.#pipeline.lines);
  }

  #newPipeline(linesBefore = 0): LogPipeline {
    const engine = this.#engine;
    return new LogPipeline({
      classifier: new LineClassifier(engine, CACHED_TEMPLATES), incidents: this.#incidents, usesEngine: () => engine?.ready === true, linesBefore, onIncident: (incident) => void this.#recovery.consider(incident),
    });
  }

  #refuse(error: unknown): void {
    this.#problem = toSomnusError(error).message;
    this.#options.log(this.#problem);
  }

  #follow(positions: SavedState['files'], resumes: boolean): FileSource {
    const { journalProgram } = this.#options;
    if (this.#config.journal) {
      this.#journal = new JournalSource({
        position: this.#journalPosition, onFirstPosition: async () => await this.#save(), ...(journalProgram === undefined ? {} : { program: journalProgram }),
        take: ({ place, lines, atUs, level }) => {
          for (const text of lines) this.#pipeline.take({ place, text, atMs: atUs / 1000, level });
          this.#saveLater();
        },
      });
      this.#journal.start();
    }
    const files = new FileSource({
      patterns: this.#config.files, positions, resumes,
      take: (path, text) => {
        this.#pipeline.take({ place: plainText(path), text, atMs: Date.now() });
        this.#saveLater();
      },
    });
    files.start();
    return files;
  }

  #stopSources(): void {
    this.#pipeline.flush();
    this.#journal?.stop();
    this.#journalPosition = this.#journal?.position ?? this.#journalPosition;
    this.#journal = undefined;
    this.#files.stop();
  }

  /** Waits briefly for a pause between entries, so that a restart does not split a stack trace. */
  #saveLater(): void {
    this.#saveTimer ??= setTimeout(() => {
      this.#saveTimer = undefined;
      this.#saveDelays = this.#pipeline.hasOpenEntries ? this.#saveDelays + 1 : 0;
      if (this.#saveDelays === 1) return this.#saveLater();
      this.#saveDelays = 0;
      void this.#save();
    }, this.#options.saveAfterMs ?? 5000).unref();
  }

  /** On a full disk, saving is tried again later; if the agent restarts before that, it reads the lines since the last save again. */
  async #save(): Promise<void> {
    this.#pipeline.flush(); // everything before the saved positions is counted
    const state: SavedState = { formatVersion: 1, journal: this.#journal?.position ?? this.#journalPosition ?? null, files: this.#files.positions, incidents: this.#incidents.save() };
    this.#saving = this.#saving.then(async () => await writeSavedState(this.#stateFile, state)).then(
      () => { this.#saveProblem = undefined; },
      (error: unknown) => {
        this.#saveProblem = `Incidents cannot be saved: ${(error as Error).message}`;
        this.#saveTimer ??= setTimeout(() => {
          this.#saveTimer = undefined;
          void this.#save();
        }, SAVE_AGAIN_MS).unref();
      },
    );
    await this.#saving;
  }
}
