// Replaces the agent in a running VM, without a reboot. The VM itself watches the new agent and rolls back to the previous one if it is not ready
// in time, whatever happens to the host or the connection.
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { SomnusError } from '../../common/errors.ts';
import { bundleAgent } from '../../images/agent-bundle.ts';
import type { GuestChannel } from './guest-channel.ts';
import { boundedText, printable } from './bounded-text.ts';

export interface AgentUpgrade { from: string | null; to: string; outcome: 'upgraded' | 'current' | 'rolled-back' }

const FOLDER = '/usr/local/lib/somnus';
const UNIT_FILE = '/etc/systemd/system/somnus-agent.service';
const unitSource = new URL('../../images/guest/files/etc/systemd/system/somnus-agent.service', import.meta.url);
const HEALTHY_WITHIN_S = 30;
const WHOLE_MS = 180_000;
const MOST_OUTPUT = 4096;
/** Where the script writes its outcome. */
const RESULT = '/run/somnus/agent-upgrade';

/**
 * Runs in the guest, as a unit of its own, so that it outlives the connection: keeps the current files, installs the new ones, and waits until the new
 * agent reports over HTTP that it is ready and has the new version. $1: the version. The text is static and contains no data from a guest.
 */
const SCRIPT = `
outcome=failed
trap 'echo $outcome >${RESULT}.new; mv ${RESULT}.new ${RESULT}' EXIT
cd ${FOLDER} || exit 0
cp -f agent.js agent.js.previous && cp -f ${UNIT_FILE} agent.service.previous || exit 0
back() {
  cp -f agent.js.previous agent.js; cp -f agent.service.previous ${UNIT_FILE}
  systemctl daemon-reload; systemctl restart somnus-agent.service
  outcome=rolled-back
  exit 0
}
mv -f agent.js.next agent.js && mv -f agent.service.next ${UNIT_FILE} || back
sync
systemctl daemon-reload; systemctl restart somnus-agent.service || back
waited=0
while [ $waited -lt ${HEALTHY_WITHIN_S} ]; do
  status=$(curl --silent --max-time 2 http://127.0.0.1:7770/status) && case $status in
    *'"agentVersion":"'"$1"'"'*'"ready":true'*) outcome=upgraded; exit 0 ;;
  esac
  waited=$((waited + 1)); sleep 1
done
back
`;

/** Starts the script and waits for its result. systemd-run cannot wait by itself without D-Bus in the guest. $1: the version. $2: the script. */
const STARTER = `
mkdir -p /run/somnus; rm -f ${RESULT}
systemd-run --quiet --collect --unit=somnus-agent-upgrade /bin/sh -c "$2" upgrade "$1" || exit 1
until [ -e ${RESULT} ]; do sleep 1; done
cat ${RESULT}
`;

/**
 * Installs the agent of this version of Somnus. Repeatable.
 * @param current the agent version that the VM reports; null if its agent does not answer
 * @throws guest_unreachable, insufficient_space, timeout; command_failed when the files cannot be replaced
 */
export async function upgradeAgent(channel: Pick<GuestChannel, 'exec' | 'writeFile'>, current: string | null, signal: AbortSignal): Promise<AgentUpgrade> {
  const { code, version } = await bundleAgent();
  if (current === version) return { from: current, to: version, outcome: 'current' };
  await channel.writeFile(`${FOLDER}/agent.js.next`, Readable.from([Buffer.from(code)]), { mode: 0o644 }, signal);
  await channel.writeFile(`${FOLDER}/agent.service.next`, Readable.from([await readFile(unitSource)]), { mode: 0o644 }, signal);
  const process = await channel.exec({ command: ['/bin/sh', '-c', STARTER, 'upgrade', version, SCRIPT], env: {}, timeoutMs: WHOLE_MS }, signal);
  process.stdin.on('error', () => {}).end();
  const [output, errors, exit] = await Promise.all([boundedText(process.stdout, MOST_OUTPUT), boundedText(process.stderr, MOST_OUTPUT), process.exit]);
  if (exit.timedOut) throw new SomnusError('timeout', 'The upgrade of the agent did not finish in time; the VM keeps whichever agent is ready');
  const outcome = (['upgraded', 'rolled-back'] as const).find((each) => each === output.trim());
  if (outcome === undefined) throw new SomnusError('command_failed', `The agent could not be replaced: ${printable(errors.trim() || `exit code ${exit.code}`)}`);
  return { from: current, to: version, outcome };
}
