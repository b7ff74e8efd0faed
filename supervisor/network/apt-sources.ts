// Parses apt's source lists, in both formats. Pure; package-host-discovery finds the files.

/** Returns the URIs of a one-line file (`deb [options] URI suite …`). */
export function urisOfSourcesList(text: string): string[] {
  return text.split('\n')
    .map((line) => /^\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s*)?(\S+)/.exec(line)?.[1])
    .filter((uri) => uri !== undefined);
}

/** Returns the URIs of a deb822 file (`*.sources`), without disabled stanzas. */
export function urisOfDeb822(text: string): string[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  return lines.join('\n').split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>();
    let current = '';
    for (const line of stanza.split('\n')) {
      const [, key, value] = /^([A-Za-z0-9-]+):(.*)$/.exec(line) ?? [];
      if (key !== undefined) current = key.toLowerCase();
      fields.set(current, `${fields.get(current) ?? ''} ${value ?? line}`);
    }
    const enabled = fields.get('enabled')?.trim().toLowerCase() ?? 'yes';
    if (['no', 'false', 'off', '0', 'disable', 'without'].includes(enabled)) return [];
    return (fields.get('uris') ?? '').split(/\s+/).filter((uri) => uri !== '');
  });
}

/** Returns the URL in an apt URI, without apt's own method prefixes (`mirror+https:`). */
export function urlOfAptUri(uri: string): string {
  return uri.replace(/^(?:mirror|tor)\+/, '').replace(/^mirror:/, 'http:');
}
