// Decides when an environment can be used: its agent reports the identity it was given, and it can be reached the way users reach it.
import type { AgentStatus } from '../../agent/contract.ts';
import { sleep, withDeadline } from '../../common/deadline.ts';
import { SomnusError } from '../../common/errors.ts';
import type { AgentPort } from './agent-port.ts';
import { printable } from './bounded-text.ts';
import type { GuestChannel } from './guest-channel.ts';

export interface AgentReadinessOptions {
  port: Pick<AgentPort, 'waitUntil' | 'onStatus'>;
  environmentId: string;
  /** The minimum generation of the identity that must be in effect. */
  generation: number;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Called with a message for people whenever what is being waited for changes. */
  onWaiting?: ((message: string) => void) | undefined;
}

export interface ReadinessOptions extends AgentReadinessOptions { channel: Pick<GuestChannel, 'agentGet'> }

const HEALTH_TIMEOUT_MS = 15_000;
const HEALTH_PAUSE_MS = 500;

/**
 * Waits until the agent reports that it is ready, over the port that needs no network.
 * @returns the status in which it is ready
 * @throws timeout, cancelled
 */
export async function waitUntilAgentReady({ port, environmentId, generation, timeoutMs, signal, onWaiting }: AgentReadinessOptions): Promise<AgentStatus> {
  onWaiting?.('waiting for the agent in the VM');
  let last = '';
  const unsubscribe = port.onStatus((status) => {
    const message = waitingMessage(status);
    if (message !== last) onWaiting?.(message);
    last = message;
  });
  const isReady = ({ ready, identity }: AgentStatus): boolean => ready && identity?.environmentId === environmentId && identity.generation >= generation;
  return await port.waitUntil(isReady, { timeoutMs, signal }).finally(unsubscribe);
}

/**
 * Waits until the agent reports that it is ready, and answers over the connection that users take.
 * @returns the status in which it is ready
 * @throws timeout, cancelled; guest_unreachable at once when the VM has another host key or rejects ours, since waiting cannot fix that
 */
export async function waitUntilReady(options: ReadinessOptions): Promise<AgentStatus> {
  return await withDeadline('The VM\'s readiness', options.timeoutMs, options.signal, async (signal) => {
    const status = await waitUntilAgentReady({ ...options, signal });
    options.onWaiting?.('waiting for the VM to answer over its network');
    await waitUntilHealthy(options.channel, signal);
    return status;
  });
}

async function waitUntilHealthy(channel: Pick<GuestChannel, 'agentGet'>, signal: AbortSignal): Promise<void> {
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
