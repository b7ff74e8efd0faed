// The agent of one VM as the API shows it, for tests and benchmarks with faults in a real VM.
import { pollUntil } from '../../common/deadline.ts';
import type { EnvironmentHealth, Incident, IncidentList } from '../../orchestrator/agent/agent-schemas.ts';
import type { TestControlPlane } from './control-plane.ts';

/** A multiple of the time that an emulated guest needs. */
export const SEEN = { timeoutMs: 120_000, intervalMs: 50 };
export const FIXED = { timeoutMs: 300_000, intervalMs: 1000 };

export class AgentClient {
  readonly #somnus: TestControlPlane;
  readonly #name: string;

  constructor(somnus: TestControlPlane, name: string) {
    this.#somnus = somnus;
    this.#name = name;
  }

  /** Runs a script in the VM. @throws unless it exits 0 */
  async guest(script: string): Promise<string> {
    return (await this.#somnus.ok('exec', this.#name, '--', 'sh', '-c', script)).trim();
  }

  async incidents(): Promise<Incident[]> {
    return ((await this.#somnus.api('GET', `/v1/environments/${this.#name}/agent/incidents`)).body as IncidentList).items;
  }

  /** Repeats until the agent answers: on a busy host, one answer can take longer than the API waits for it. */
  async health(): Promise<EnvironmentHealth> {
    return await pollUntil('an answer of the agent', SEEN, async () => {
      const found = (await this.#somnus.api('GET', `/v1/environments/${this.#name}/agent/health`)).body as EnvironmentHealth;
      return found.state === 'unreachable' ? undefined : found;
    });
  }

  /** Waits for an incident of this category whose text or place contains the words. */
  async seen(category: Incident['category'], words: string): Promise<Incident> {
    return await pollUntil(`an incident ${category} about ${words}`, SEEN, async () => (await this.incidents()).find((each) => each.category === category && `${each.place} ${each.example}`.includes(words)));
  }

  /** Waits until `lines` lines of errors from this place have been counted. @returns how many are counted then */
  async counted(place: string, lines: number, timeoutMs: number): Promise<number> {
    const count = async (): Promise<number> => (await this.incidents()).filter((each) => each.place === place).reduce((sum, each) => sum + each.count, 0);
    await pollUntil('all lines to be counted', { timeoutMs, intervalMs: 1000 }, async () => (await count() >= lines ? true : undefined));
    return await count();
  }

  /** Of the agent's process whose program is this file, in bytes: all that is resident, and its part of that, where each of several processes with the same page, such as one of Node's, has a share of it. */
  async memoryOf(file: string): Promise<{ resident: number; share: number }> {
    const kib = Object.fromEntries([...(await this.guest(`cat /proc/$(pgrep -o -f /usr/local/lib/somnus/.*${file})/smaps_rollup`)).matchAll(/^(\w+): +(\d+) kB$/gm)].map(([, name, amount]) => [name, Number(amount)]));
    return { resident: 1024 * kib['Rss']!, share: 1024 * kib['Pss']! };
  }
}
