// Runs an action in phases: `prepare` in the VM, `run` in a container on copies of the VM's files, `check` in the VM on the results. The results stay only if the check succeeds.
import { basename } from 'node:path/posix';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ExecExit, ExecRequest, GuestChannel, GuestProcess, GuestSignal } from '../../supervisor/guest/guest-channel.ts';
import { remove } from '../../supervisor/guest/guest-folders.ts';
import type { ContainerAction, ContainerRunner } from '../containers/container-runner.ts';
import { checkedPath } from '../containers/staged-paths.ts';
import type { ActionPhase } from './action.ts';

export interface HybridAction extends Omit<ContainerAction, 'channel' | 'deliver'> {
  /** Command lines for the VM. */
  prepare: string | undefined;
  check: string | undefined;
}

export interface HybridDeps {
  containers: Pick<ContainerRunner, 'run'>;
  channel: GuestChannel;
  /** Runs a program in the VM. */
  exec: (request: ExecRequest, signal?: AbortSignal) => Promise<GuestProcess>;
  onPhase: (phase: ActionPhase) => void;
}

/**
 * Applies results in the guest, and undoes that unless the check succeeds. It is a session of its own and ignores signals that end others, so it finishes whatever happens to the host: without a reader, the check fails, and the files are as they were.
 * Former contents are beside the targets, on the same file system, until then. Arguments: id, folder and command line of the check, then pairs of result and target.
 */
const APPLY = `
id=$1 folder=$2 check=$3; shift 3
trap : HUP INT TERM PIPE
exists() { [[ -e $1 || -L $1 ]]; }
former() { echo -n "\${1%/*}/.somnus-$id.\${1##*/}"; }
changed=() code=0
while (( $# > 0 )); do
  result=$1 target=$2; shift 2
  exists "$result" || continue
  former=$(former "$target"; echo x); former=\${former%x}
  if exists "$target" && ! { cp -a --reflink=auto -T -- "$target" "$former.part" && mv -T -- "$former.part" "$former"; }; then rm -rf -- "$former.part"; code=1; break; fi
  changed+=("$target")
  cp -a --reflink=auto --remove-destination -T -- "$result" "$target" || { code=1; break; }
done
if (( code != 0 )); then echo 'somnus: the results could not be applied' >&2
elif [[ -n $check ]]; then
  setsid --wait /bin/bash -c 'echo $$ >"$1.pid"; [[ -e $1.stop ]] && exit 137; cd -- "$2" && exec /bin/bash -lc "$3"' somnus "/var/tmp/somnus-$id" "$folder" "$check" </dev/null; code=$?
fi
[[ -e /var/tmp/somnus-$id.stop ]] && (( code == 0 )) && code=137
for target in "\${changed[@]}"; do
  former=$(former "$target"; echo x); former=\${former%x}
  if (( code == 0 )); then rm -rf -- "$former"
  elif rm -rf -- "$target" && { ! exists "$former" || mv -T -- "$former" "$target"; }; then :
  else echo "somnus: $target could not be restored; its former content is in $former" >&2; fi
done
rm -f -- "/var/tmp/somnus-$id.pid" "/var/tmp/somnus-$id.stop"
(( code == 0 || \${#changed[@]} == 0 )) || echo 'somnus: the files in the VM are as they were before' >&2
exit $code`;
/** Ends the check, also one that is only about to start. */
const STOP = '>"$1.stop"; [[ ! -e $1.pid ]] || kill -KILL -- "-$(<"$1.pid")"';
const TIMED_OUT = 124;

export function startHybrid(deps: HybridDeps, action: HybridAction, signal?: AbortSignal): GuestProcess {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let current: GuestProcess | undefined;
  const follow = async (process: GuestProcess): Promise<ExecExit> => {
    current = process;
    process.stdin.on('error', () => {}); // a program may ignore its input
    const passed = Promise.allSettled([pipeline(process.stdout, stdout, { end: false }), pipeline(process.stderr, stderr, { end: false })]);
    const exit = await process.exit;
    await passed;
    return exit;
  };
  const exit = runPhases(deps, action, follow, stdin, signal).finally(() => {
    stdout.end();
    stderr.end();
    stdin.resume();
  });
  exit.catch(() => {}); // the error goes to those who wait for it
  return { stdin, stdout, stderr, exit, signal: async (name: GuestSignal) => await current?.signal(name), resize: () => {} };
}

async function runPhases({ containers, channel, exec, onPhase }: HybridDeps, action: HybridAction, follow: (process: GuestProcess) => Promise<ExecExit>, stdin: PassThrough, signal: AbortSignal | undefined): Promise<ExecExit> {
  const { id, request, prepare, check, filesOut } = action;
  const { cwd, env, timeoutMs } = request;
  const phase = async (name: ActionPhase['name'], work: () => Promise<ExecExit>): Promise<ExecExit> => {
    const startedAt = performance.now();
    const ended = await work();
    onPhase({ name, exitCode: ended.code, durationMs: Math.round(performance.now() - startedAt) });
    return ended;
  };
  const inVm = (command: string[]): ExecRequest => ({ command, env, ...(cwd === undefined ? {} : { cwd }), ...(timeoutMs === undefined ? {} : { timeoutMs }) });

  if (prepare !== undefined) {
    const prepared = await phase('prepare', async () => {
      const process = await exec(inVm(['/bin/bash', '-lc', prepare]), signal);
      process.stdin.end();
      return await follow(process);
    });
    if (prepared.code !== 0) return prepared;
  }
  const targets = filesOut.map((path) => checkedPath(path));
  const staging = targets.map((path, at) => ({ path, folder: `/var/tmp/somnus-${id}-${at}` }));
  try {
    const ran = await phase('run', async () => {
      const process = await containers.run({ ...action, channel: async () => channel, deliver: async (path, archive) => await channel.writeTar(staging.find((one) => one.path === path)?.folder ?? '', archive, signal) }, signal);
      stdin.pipe(process.stdin);
      return await follow(process);
    });
    if (ran.code !== 0) return ran;
    return await phase('check', async () => {
      const pairs = staging.flatMap(({ path, folder }) => [`${folder}/${basename(path)}`, path]);
      const process = await exec({ command: ['setsid', '--wait', '/bin/bash', '-c', APPLY, 'somnus', id, cwd ?? '/root', check ?? '', ...pairs], env });
      process.stdin.end();
      return await stoppable(async () => await follow(process), async () => await (await exec({ command: ['/bin/bash', '-c', STOP, 'somnus', `/var/tmp/somnus-${id}`], env: {} })).exit, timeoutMs, signal);
    });
  } finally {
    for (const { folder } of staging) await remove(channel, folder, { recursive: true }).catch(() => {}); // absent, or deleted by the guest later
  }
}

/** Stops the check when the signal fires or the time is over, and then waits until the files are restored. */
async function stoppable(work: () => Promise<ExecExit>, stop: () => Promise<unknown>, timeoutMs: number | undefined, signal: AbortSignal | undefined): Promise<ExecExit> {
  let timedOut = false;
  const onEnd = (): void => { stop().catch(() => {}); }; // the exit says whether it has ended
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => {
    timedOut = true;
    onEnd();
  }, timeoutMs);
  if (signal?.aborted) onEnd();
  else signal?.addEventListener('abort', onEnd, { once: true });
  try {
    const exit = await work();
    return timedOut && exit.code !== 0 ? { code: TIMED_OUT, signal: 'KILL', timedOut } : exit;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onEnd);
  }
}
