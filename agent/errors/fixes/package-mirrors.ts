// Fixes that add another Debian package server: which servers are tried, and the commands. They write one separate file, and never edit the user's own package sources.
import type { Fix } from './fix.ts';

/** Servers of Debian's main archive: the usual one, and official mirrors. Only these are added, and only if a Debian server does not answer. */
export const debianServers = ['deb.debian.org', 'ftp.de.debian.org', 'ftp.us.debian.org'] as const;

/** apt reads this file in addition to the user's sources, and downloads packages from its server when theirs does not answer. */
export const MIRROR_FILE = '/etc/apt/sources.list.d/somnus-mirror.sources';
const RELEASE = '^VERSION_CODENAME="?([a-z]+)"?$';
const RELEASE_FILE = '/etc/os-release';
/** Packages from a mirror have Debian's signature, like those from any other Debian server. */
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Matches text which says that apt could not download something, and which does not name this server. */
const failsWithout = (server: string): RegExp => new RegExp(`^(?![^]*${server.replaceAll('.', String.raw`\.`)})[^]*(?:failed to fetch|index files failed|unable to fetch some archives|temporary failure resolving|could not (?:connect|resolve)|unable to connect)`, 'i');

/** One fix for each server. The probe confirms that the configured server fails and that this one answers. */
export const mirrorFixes: readonly (Fix & { when: RegExp })[] = debianServers.map((server) => ({
  id: `network/apt-mirror-${server.split('.')[1] === 'debian' ? 'main' : server.split('.')[1]}`,
  what: `Add the package server ${server}`,
  why: `The package server {debianServer} does not answer, and ${server} has the same packages. To undo this, delete ${MIRROR_FILE}.`,
  // Writes the file with the name of the release. Writing an empty file would count as a success, so the precheck looks for the name.
  command: ['sed', '-nE', String.raw`s#${RELEASE}#Types: deb\nURIs: http://${server}/debian\nSuites: \1 \1-updates\nComponents: main\nSigned-By: ${KEYRING}#w ${MIRROR_FILE}`, RELEASE_FILE],
  precheck: ['grep', '-qE', RELEASE, RELEASE_FILE],
  // Downloads and checks the lists of this server only.
  verify: ['apt-get', '-o', `Dir::Etc::sourcelist=${MIRROR_FILE}`, '-o', 'Dir::Etc::sourceparts=/dev/null', '-o', 'APT::Get::List-Cleanup=0', '-o', 'APT::Update::Error-Mode=any', 'update'],
  undo: ['rm', '-f', MIRROR_FILE],
  probe: 'package-server-down', probeArguments: ['{debianServer}', server],
  risk: 'low', reversible: true, needsRoot: true, automatic: true,
  when: failsWithout(server),
}));
