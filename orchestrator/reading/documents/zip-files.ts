// Reads files in a zip within limits: an archive that would unpack to too much is refused before it is unpacked.
import { unzipSync } from 'fflate';
import { SomnusError } from '../../../common/errors.ts';

const maxEntries = 20_000;
const maxUnpackedBytes = 256 * 1024 * 1024;

interface ZipEntry { name: string; bytes: number }

/** Returns names and declared sizes, without unpacking. @throws SomnusError `too_large` for too many entries, `invalid_request` for a damaged archive */
export function listZip(bytes: Uint8Array): ZipEntry[] {
  const entries: ZipEntry[] = [];
  unzip(bytes, ({ name, originalSize }) => {
    if (entries.length >= maxEntries) throw new SomnusError('too_large', `The archive has more than ${maxEntries} files`);
    entries.push({ name, bytes: originalSize });
    return false;
  });
  return entries;
}

/**
 * Unpacks the wanted files.
 * @throws SomnusError `too_large` when they declare more than 256 MiB together; an entry that unpacks to more than it declares counts as damaged
 */
export function readZip(bytes: Uint8Array, wanted: (name: string) => boolean): Map<string, Uint8Array> {
  let total = 0;
  const files = unzip(bytes, ({ name, originalSize }) => {
    if (!wanted(name)) return false;
    total += originalSize;
    if (total > maxUnpackedBytes) throw new SomnusError('too_large', `The archive unpacks to more than ${maxUnpackedBytes / 1024 / 1024} MiB`);
    return true;
  });
  return new Map(Object.entries(files));
}

/** Refuses an archive whose files declare more than 256 MiB together, for readers that unpack it themselves. */
export function checkZip(bytes: Uint8Array): void {
  const total = listZip(bytes).reduce((sum, entry) => sum + entry.bytes, 0);
  if (total > maxUnpackedBytes) throw new SomnusError('too_large', `The archive unpacks to more than ${maxUnpackedBytes / 1024 / 1024} MiB`);
}

function unzip(bytes: Uint8Array, filter: (entry: { name: string; originalSize: number }) => boolean): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, { filter });
  } catch (thrown) {
    if (thrown instanceof SomnusError) throw thrown;
    throw new SomnusError('invalid_request', 'The archive is damaged', { hint: 'Fetch or export the document again.', cause: thrown });
  }
}
