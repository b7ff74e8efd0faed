// Parses the host's apt sources in both formats, and derives those for a guest with another Debian release. Pure. Formats:
// https://manpages.debian.org/sources.list

export interface AptSource { uri: string; suite: string; components: readonly string[] }

/** One of the guest's sources for a release: the host's mirror if it has one for Debian, otherwise Debian's own. */
export interface GuestSource { uri: string; suite: string }

/** Debian's free software. */
const COMPONENT = 'main';
const DEBIAN = 'http://deb.debian.org/debian';
const DEBIAN_SECURITY = 'http://deb.debian.org/debian-security';
/** Names of Debian's releases and their additional suites: `bookworm`, `bookworm-updates`, `bookworm-security`, `stable/updates`. */
const RELEASE = /^(?:bullseye|bookworm|trixie|forky|duke|sid|oldoldstable|oldstable|stable|testing|unstable)(?<side>-updates|-security|\/updates)?$/;

/** Parses the one-line format (`sources.list`): `deb [options] uri suite components…`. */
export function parseOneLineSources(text: string): AptSource[] {
  return text.split('\n').flatMap((row) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(?<uri>\S+)\s+(?<suite>\S+)\s*(?<components>[^#]*)/.exec(row)?.groups;
    return match ? [{ uri: match['uri'] ?? '', suite: match['suite'] ?? '', components: words(match['components']) }] : [];
  });
}

/** Parses the deb822 format (`*.sources`): stanzas of fields, continued on indented lines. */
export function parseDeb822Sources(text: string): AptSource[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>();
    let name = '';
    for (const row of stanza.split('\n').filter((line) => !line.startsWith('#'))) {
      const field = /^([A-Za-z-]+):\s*(.*)$/.exec(row);
      if (field) name = field[1]?.toLowerCase() ?? '';
      if (name !== '') fields.set(name, `${fields.get(name) ?? ''} ${field ? field[2] : row.trim()}`);
    }
    const list = (field: string): string[] => words(fields.get(field));
    if (!list('types').includes('deb') || list('enabled').includes('no')) return [];
    return list('uris').flatMap((uri) => list('suites').map((suite) => ({ uri, suite, components: list('components') })));
  });
}

/**
 * Returns the host's mirrors of the main archive, updates and security. Other vendors name their suites like Debian, so a mirror of the main archive
 * is recognized by also having updates.
 */
export function guestSources(host: readonly AptSource[], suite: string): GuestSource[] {
  const known = host.flatMap(({ uri, suite: hostSuite, components }) => {
    const match = RELEASE.exec(hostSuite);
    return match && components.includes(COMPONENT) && /^https?:/.test(uri) ? [{ uri, side: match.groups?.['side'] ?? '' }] : [];
  });
  const mains = known.filter(({ side }) => side === '');
  const main = (mains.find(({ uri }) => known.some((other) => other.uri === uri && other.side === '-updates')) ?? mains[0])?.uri ?? DEBIAN;
  const updates = known.find(({ side }) => side === '-updates')?.uri ?? main;
  const security = known.find(({ side }) => side === '-security' || side === '/updates')?.uri ?? (main === DEBIAN ? DEBIAN_SECURITY : undefined);
  return [
    { uri: main, suite },
    { uri: updates, suite: `${suite}-updates` },
    ...(security === undefined ? [] : [{ uri: security, suite: `${suite}-security` }]),
  ];
}

export function oneLine({ uri, suite }: GuestSource): string {
  return `deb ${uri} ${suite} ${COMPONENT}`;
}

function words(text = ''): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
