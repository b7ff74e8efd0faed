// The constants of the contract, separate from its schemas so that the agent does not have to load zod, which takes a second at each boot on an
// emulated CPU.

/**
 * 2: the guest grows its file system to its disk at boot, and is ready when that is done; the agent reports when PID 1 has crashed. 3: it reads logs, watches
 * processes and reports its health. 4: fixes can have a command that reverts them, there is the probe `package-server-down`, and the agent records what the host has tried.
 */
export const CONTRACT_VERSION = 4;
export const AGENT_HTTP_PORT = 7770;
/** The virtio-serial port's name; in the guest /dev/virtio-ports/<name>. */
export const AGENT_PORT_NAME = 'somnus.agent.0';
/** Maximum line length on the port in bytes, in either direction; longer lines are dropped. */
export const MAX_LINE_BYTES = 1_048_576;
/** Maximum number of processes that `stats` reports; the host rejects longer answers. */
export const MAX_PROCESSES = 512;
/** Maximum length of an error message. */
export const MAX_MESSAGE = 4096;
/** Maximum length of a failed command's output, in characters. */
export const MAX_COMMAND_OUTPUT = 32_768;
/** What can come of a fix; FixAttempt says what each means. */
export const fixOutcomes = ['fixed', 'applied', 'not-needed', 'not-possible', 'failed', 'not-fixed'] as const;
/** Maximum lengths in an attempt, in characters. */
export const MAX_FIX_ID = 64;
export const MAX_ATTEMPT_TEXT = 256;
/** Time for an answer to reach the host before the agent does work that no caller waits for. */
export const ANSWER_FIRST_MS = 100;
