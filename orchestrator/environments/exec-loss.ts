// Says why a program lost its VM: the guest connection only knows that it ended, but the environment's record knows what was done to it.
import { SomnusError, toSomnusError } from '../../common/errors.ts';
import type { EnvironmentState } from '../../supervisor/domain/states.ts';
import type { ExecExit, GuestProcess } from '../../supervisor/guest/guest-channel.ts';

interface Known { name: string; state: EnvironmentState }

/** What happened to an environment in this state, and how to continue. A running one gives no reason. */
const reasons: Partial<Record<EnvironmentState, (name: string) => readonly [what: string, next: string]>> = {
  suspended: (name) => ['was suspended', `\`somnus resume ${name}\` continues.`],
  hibernating: (name) => ['was hibernated', `\`somnus wake ${name}\` continues.`],
  hibernated: (name) => ['was hibernated', `\`somnus wake ${name}\` continues.`],
  waking: (name) => ['was hibernated and is waking', `See \`somnus op ls --target ${name}\`.`],
  stopping: (name) => ['was stopped', `\`somnus start ${name}\` boots it again.`],
  stopped: (name) => ['was stopped', `\`somnus start ${name}\` boots it again.`],
  starting: (name) => ['was restarted', `See \`somnus op ls --target ${name}\`.`],
  restoring: (name) => ['was restored from a snapshot', `See \`somnus op ls --target ${name}\`.`],
  removing: (name) => ['was removed', `\`somnus undelete ${name}\` restores it.`],
  removed: (name) => ['was removed', `\`somnus undelete ${name}\` restores it.`],
};

/** The same program; when its connection is lost, `exit` rejects with what happened to the environment, if that explains it. */
export function explainLoss(process: GuestProcess, known: () => Known | undefined): GuestProcess {
  const exit = explained(process.exit, known);
  exit.catch(() => {}); // the error goes to those who wait for it
  return {
    stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, exit,
    signal: async (name) => await process.signal(name),
    resize: (columns, rows) => process.resize(columns, rows),
  };
}

async function explained(exit: Promise<ExecExit>, known: () => Known | undefined): Promise<ExecExit> {
  try {
    return await exit;
  } catch (thrown) {
    const cause = toSomnusError(thrown);
    const environment = cause.code === 'guest_unreachable' ? known() : undefined;
    const reason = environment && reasons[environment.state]?.(environment.name);
    if (environment === undefined || reason === undefined) throw cause;
    throw new SomnusError('guest_unreachable', `${environment.name} ${reason[0]}`, { hint: reason[1], details: { ...cause.details, state: environment.state }, cause });
  }
}
