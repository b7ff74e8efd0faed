// The control plane as a systemd service, on hosts where set-up installed one. Only systemd may start and stop it there, since it would start it again.
import { existsSync } from 'node:fs';
import { runCommand } from '../../../common/run-command.ts';
import { standardConfigFile } from '../../../common/process-settings.ts';

const unit = 'somnus.service';

/** Whether systemd manages the control plane of this configuration file. */
export function isSystemdService(configFile: string): boolean {
  return configFile === standardConfigFile && existsSync('/run/systemd/system') && existsSync(`/etc/systemd/system/${unit}`);
}

/** Repeatable. @throws command_failed */
export async function systemctl(action: 'start' | 'stop'): Promise<void> {
  await runCommand('systemctl', [action, unit], { timeoutMs: 120_000 });
}
