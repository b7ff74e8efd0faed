// Turns the steps of packs into scripts for bash. Pure. What a pack says is data in them: it is quoted.
import type { PackStep, PackUninstallStep } from './pack.ts';

/** Package lists older than this are updated before packages are installed. */
const LISTS_MINUTES = 60;

export function scriptOf(step: PackStep | PackUninstallStep): string {
  const { apt, npm, pip, file, service, command } = step as PackStep;
  if (apt) return aptScript(apt);
  if (npm) return `npm install --global --no-audit --no-fund -- ${quotedList(npm)}`;
  if (pip) return pipScript(pip);
  if (file) return fileScript(file);
  if (service) return serviceScript(service);
  return command ?? 'false';
}

/** A word that bash takes as it is. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function quotedList(words: readonly string[]): string {
  return words.map(quoted).join(' ');
}

/** A package whose installation was interrupted before is completed first. */
function aptScript(packages: readonly string[]): string {
  return [
    'export DEBIAN_FRONTEND=noninteractive',
    'dpkg --configure -a || true', // fails while another program installs, for which apt-get waits
    `if [ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -mmin -${LISTS_MINUTES} -print -quit)" ]; then apt-get -q update; fi`,
    `apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 install -- ${quotedList(packages)}`,
    'apt-get clean',
  ].join('\n');
}

function pipScript({ packages, venv }: NonNullable<PackStep['pip']>): string {
  return [
    `test -x ${quoted(`${venv}/bin/python`)} || python3 -m venv --system-site-packages ${quoted(venv)}`,
    `${quoted(`${venv}/bin/pip`)} install --no-input --disable-pip-version-check --no-cache-dir -- ${quotedList(packages)}`,
  ].join('\n');
}

/** The file appears complete, with its owner and mode. */
function fileScript({ path, content, mode, owner }: NonNullable<PackStep['file']>): string {
  const fresh = quoted(`${path}.somnus-new`);
  return [
    `mkdir -p -- "$(dirname -- ${quoted(path)})"`,
    `printf %s ${Buffer.from(content).toString('base64')} | base64 --decode > ${fresh}`,
    `chown -- ${quoted(owner)} ${fresh}`,
    `chmod -- ${quoted(mode)} ${fresh}`,
    `mv -T -- ${fresh} ${quoted(path)}`,
  ].join('\n');
}

function serviceScript({ name, unit }: NonNullable<PackStep['service']>): string {
  const file = unit === undefined ? [] : [fileScript({ path: `/etc/systemd/system/${name.includes('.') ? name : `${name}.service`}`, content: unit, mode: '0644', owner: 'root:root' })];
  return [...file, 'systemctl daemon-reload', `systemctl enable ${quoted(name)}`, `systemctl restart ${quoted(name)}`, `systemctl is-active ${quoted(name)}`].join('\n');
}
