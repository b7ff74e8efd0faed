// The control commands that find the host's programs in a guest again, signal and end them, and clean up after them: shell scripts, and the meanings
// of their exit codes. remote-command.ts writes the records.
import { RECORD_DIR, scriptCommand } from './remote-command.ts';

/** Sets line and pid from the record $1, waiting for it up to 11 s, because the shell may not have written it yet. Exits 3 if there is none. */
const findProgram = `
line=
for pause in 0.05 0.1 0.2 0.4 0.8 1.6 3 5 over; do
  { read -r line <"$1"; } 2>/dev/null && break
  [ $pause = over ] && exit 3
  sleep $pause
done
pid=\${line%% *}
case $pid in ''|1|*[!0-9]*) exit 3;; esac`;

/**
 * Tests whether the process in $1 (a line of /proc/PID/stat) is still the same; field 22 is its start time. Status 2: the number belongs to another
 * process now.
 */
const sameProcess = `
same() {
  { read -r now <"/proc/\${1%% *}/stat"; } 2>/dev/null || return 1
  set -- "$1" \${1##*) }; was=\${21}
  set -- "$1" \${now##*) }; [ "\${21}" = "$was" ] || return 2
}`;

/**
 * Sends SIGTERM, and SIGKILL after 2 s. The pauses grow because each one is a process, which is expensive in an emulated guest. A second line in the
 * record says that ending has begun: if a program ended on its own, what it left running in its group continues.
 */
const endScript = `${sameProcess}
${findProgram}
same "$line"
case $? in
  2) exit 0;;
  1) { read -r line; read -r begun; } <"$1" 2>/dev/null; [ "$begun" = ending ] || exit 0;;
  *) echo ending >>"$1";;
esac
kill -s TERM -- "-$pid" 2>/dev/null || exit 0
kill -s CONT -- "-$pid" 2>/dev/null
for pause in 0.05 0.1 0.2 0.4 0.8 0.5; do
  kill -s 0 -- "-$pid" 2>/dev/null || exit 0
  sleep $pause
done
kill -s KILL -- "-$pid" 2>/dev/null || exit 0
for pause in 0.05 0.1 0.2 0.4 0.8 1.6 3 5; do
  sleep $pause
  kill -s 0 -- "-$pid" 2>/dev/null || exit 0
done
exit 4`;

const signalScript = `${sameProcess}
${findProgram}
same "$line"; [ $? -eq 2 ] && exit 0
kill -s "$2" -- "-$pid" 2>/dev/null
exit 0`;

const prepareScript = `${sameProcess}
mkdir -p -m 700 "$1" && cd "$1" || exit 1
printf '%s\\n' "$SHELL"
for file in "$2".*; do
  case $file in "$3".*|"$2.*") continue;; esac
  line=
  { read -r line <"$file"; } 2>/dev/null
  case \${line%% *} in
    ''|1|*[!0-9]*) rm -f -- "$file";;
    *) if same "$line"; then printf '%s\\n' "$file"; else rm -f -- "$file"; fi;;
  esac
done
exit 0`;

export function recordFile(id: string): string {
  return `${RECORD_DIR}/${id}`;
}

/** Exit 0: nothing of the group is left. 3: it was never recorded. 4: something survived SIGKILL for 11 s. */
export function endCommand(id: string): string {
  return scriptCommand(endScript, [recordFile(id)]);
}

/** Exit 0: sent, or no process is left to receive it. 3: it was never recorded. */
export function signalCommand(id: string, signal: string): string {
  return scriptCommand(signalScript, [recordFile(id), signal]);
}

/**
 * Creates the folder for records and deletes those of ended programs. The first output line is the login shell; the others are the ids of programs
 * that still run and were started for the same environment by another run of the control plane, which can no longer manage them.
 */
export function prepareCommand(environmentId: string, runId: string): string {
  return scriptCommand(prepareScript, [RECORD_DIR, environmentId, `${environmentId}.${runId}`]);
}

export function forgetCommand(files: readonly string[]): string {
  return scriptCommand('rm -f -- "$@"', files);
}
