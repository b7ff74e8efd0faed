// Runs a script of a pack in a guest and keeps the end of its output.
import type { StepRun } from '../../common/step.ts';
import { printable } from '../../supervisor/guest/bounded-text.ts';
import type { Vm } from '../../supervisor/vms/vm.ts';

const KEPT_CHARACTERS = 4096;
const LINE_CHARACTERS = 160;

export interface ScriptResult {
  exitCode: number;
  timedOut: boolean;
  /** The end of standard output and standard error, without control characters other than line breaks. */
  output: string;
}

/** Runs as root, encoded so that quoting does not multiply its length, with nothing on standard input. Its processes are ended when the step is. @throws guest_unreachable, cancelled, timeout */
export async function runScript(vm: Vm, script: string, timeoutMs: number, { signal, progress }: Pick<StepRun, 'signal' | 'progress'>): Promise<ScriptResult> {
  const channel = await vm.host.guests.channel(vm);
  const program = await channel.exec({ command: ['/bin/bash', '-euo', 'pipefail', '-c', 'exec 2>&1; eval "$(printf %s "$0" | base64 --decode)"', Buffer.from(script).toString('base64')], env: {}, timeoutMs }, signal);
  program.stdin.on('error', () => {}); // a program may ignore its input
  program.stdin.end();
  program.stderr.resume();
  const decoder = new TextDecoder();
  let kept = '';
  const reading = (async (): Promise<void> => {
    for await (const chunk of program.stdout as AsyncIterable<Buffer>) {
      kept = (kept + decoder.decode(chunk, { stream: true })).slice(-KEPT_CHARACTERS);
      const line = kept.trimEnd().split(/[\r\n]+/).at(-1) ?? '';
      if (line !== '') progress({ message: printable(line, LINE_CHARACTERS) });
    }
  })();
  const [{ code, timedOut }] = await Promise.all([program.exit, reading]);
  signal.throwIfAborted();
  return { exitCode: code, timedOut, output: kept.replaceAll('\r\n', '\n').replaceAll('\r', '\n').replaceAll(/[^\P{Cc}\n\t]/gu, '').trim() };
}
