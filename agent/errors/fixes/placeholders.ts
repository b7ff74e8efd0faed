// Finds in an entry what a fix needs to know: a unit, a package, a path, a host, a port. Candidates only: fix.ts validates them.
import type { LogEntry } from '../reading/log-entry.ts';
import type { Found } from './fill.ts';

const sources: readonly (readonly [keyof Found, RegExp])[] = [
  ['unit', /\b([A-Za-z0-9][\w@.:-]*\.(?:service|timer|socket|mount))\b/],
  ['module', /\bNo module named ['"]?(\w+)/],
  ['program', /(?:^|[\s:])([a-z0-9][a-z0-9+.-]+): (?:command )?not found\b/],
  ['executable', /(?:Failed (?:at step EXEC spawning|to execute(?: command)?)|\b(?:ba|da|z)?sh(?:: line \d+)?:(?: \d+:)?) ['"]?(\/[^\s'":]+)['"]?: Permission denied/],
  ['package', /\bNo module named ['"]?([\w-]+)/],
  ['package', /\b(?:Cannot find (?:module|package)) ['"]((?!\.|\/)[\w.@/-]+)['"]/],
  ['package', /\bUnable to locate package (\S+)/],
  ['package', /\b([\w.+-]+): (?:command )?not found\b/],
  ['path', /(?:^|[\s'"`=([])(\/[^\s'"`:,;()<>|&$*?!\\]+)/],
  ['host', /\b(?:resolve|resolving|resolve host|resolve hostname|ENOTFOUND|EAI_AGAIN|lookup|UnknownHostException)[: ]+['"]?([\w.-]+)/i],
  ['host', /\bhttps?:\/\/([\w.-]+)/],
  ['host', /\bhost=['"]([\w.-]+)['"]/],
  ['debianServer', /(?<![\w.-])((?:deb|ftp\.[a-z]{2})\.debian\.org)(?![\w.-]*\w)/],
  ['port', /\b(?:port|bind\(\) to \S+?:|address already in use[^\d]{0,12}:{0,3}|EADDRINUSE[^\n]{0,40}:)[ =]*(\d{2,5})\b/i],
];

/** Modules whose PyPI package has a different name. */
const distributions: Readonly<Record<string, string>> = {
  attr: 'attrs', bs4: 'beautifulsoup4', Crypto: 'pycryptodome', cv2: 'opencv-python-headless', dateutil: 'python-dateutil', docx: 'python-docx', dotenv: 'python-dotenv', fitz: 'PyMuPDF', git: 'GitPython', jwt: 'PyJWT',
  magic: 'python-magic', MySQLdb: 'mysqlclient', OpenSSL: 'pyOpenSSL', PIL: 'Pillow', pptx: 'python-pptx', psycopg2: 'psycopg2-binary', serial: 'pyserial', skimage: 'scikit-image', sklearn: 'scikit-learn', usb: 'pyusb', yaml: 'PyYAML', zmq: 'pyzmq',
};

export function placeholdersIn({ text, cause }: LogEntry): Found {
  const found: Found = {};
  for (const part of cause === undefined ? [text] : [cause, text]) {
    for (const [name, pattern] of sources) {
      const value = found[name] === undefined ? pattern.exec(part)?.[1] : undefined;
      if (value !== undefined) found[name] = value;
    }
  }
  if (found.module !== undefined) found.distribution = Object.hasOwn(distributions, found.module) ? distributions[found.module]! : found.module.replaceAll('_', '-');
  return found;
}
