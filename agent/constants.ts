// The fixed names and numbers of the contract, apart from its schemas so that the agent itself need not load zod:
// where the CPU is emulated that alone would cost it a second at each boot.

/** 2: the guest grows its file system to its disk at boot, and is ready when that is done; it tells when PID 1 has crashed. */
export const CONTRACT_VERSION = 2;
export const AGENT_HTTP_PORT = 7770;
/** The virtio-serial port's name; in the guest /dev/virtio-ports/<name>. */
export const AGENT_PORT_NAME = 'somnus.agent.0';
/** The longest line either side may send over the port, in bytes; longer ones are dropped. */
export const MAX_LINE_BYTES = 1_048_576;
/** The most processes that `stats` reports: the host takes no longer answer. */
export const MAX_PROCESSES = 512;
/** The longest message of an error. */
export const MAX_MESSAGE = 4096;
/** Time for an answer to reach the host before the agent goes on with what nobody waits for. */
export const ANSWER_FIRST_MS = 100;
