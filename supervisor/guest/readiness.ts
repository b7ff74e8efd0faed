// When an environment can be used: its agent says that it has the identity it was given, and it can be reached the way users reach it.
import type { AgentStatus } from '../../agent/contract.ts';
import { sleep, withDeadline } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import type { AgentPort } from './agent-port.ts';
import { printable } from './bounded-text.ts';
import type { GuestChannel } from './guest-channel.ts';

export interface ReadinessOptions {
  port: Pick<AgentPort, 'waitUntil' | 'onStatus'>;
  channel: Pick<GuestChannel, 'agentGet'>;
  environmentId: string;
  /** The identity that must be in force, or a later one. */
  generation: number;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Told in plain words what is being waited for, whenever it changes. */
  onWaiting?: ((message: string) => void) | undefined;
}

const HEALTH_TIMEOUT_MS = 15_000;
const HEALTH_PAUSE_MS = 500;

/**
 * @returns the status that said so
 * @throws timeout, cancelled; guest_unreachable at once when the VM has another host key or refuses ours: no waiting mends that
 */
export async function waitUntilReady(options: ReadinessOptions): Promise<AgentStatus> {
  const { port, channel, environmentId, generation, timeoutMs } = options;
  let last = '';
  const tell = (message: string): void => {
    if (message !== last) options.onWaiting?.(message);
    last = message;
  };
  return await withDeadline('The VM\'s readiness', timeoutMs, options.signal, async (signal) => {
    tell('waiting for the agent in the VM');
    const forget = port.onStatus((status) => tell(waitingMessage(status)));
    const isReady = ({ ready, identity }: AgentStatus): boolean => ready && identity?.environmentId === environmentId && identity.generation >= generation;
    const status = await port.waitUntil(isReady, { timeoutMs, signal }).finally(forget);
    tell('waiting for the VM to answer over its network');
    await healthAnswers(channel, signal);
    return status;
  });
}

async function healthAnswers(channel: Pick<GuestChannel, 'agentGet'>, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      const { status } = await channel.agentGet('/health/ready', HEALTH_TIMEOUT_MS);
      if (status === 200) return;
    } catch (error) {
      if (!(error instanceof SomnusError) || (error.code !== 'guest_unreachable' && error.code !== 'timeout')) throw error;
      const { reason } = error.details;
      if (reason === 'host_key' || reason === 'authentication' || reason === 'closed') throw error;
    }
    await sleep(HEALTH_PAUSE_MS, signal);
  }
}

function waitingMessage({ ready, waitingFor }: AgentStatus): string {
  return ready || waitingFor.length === 0 ? 'waiting for the VM to be ready' : `waiting for ${waitingFor.map((what) => printable(what, 80)).join(', ')}`.slice(0, 300);
}
