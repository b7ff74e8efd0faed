// somnus read: shows a page or document as Markdown. It needs no control plane: the document is parsed in a confined process on this host.
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { stretchDeadlines } from '../../../common/deadline.ts';
import { readDocument } from '../../reading/documents/read-document.ts';
import { deadlineScale } from '../api/api-address.ts';
import type { Cli } from '../command.ts';
import { sanitize, sanitizeConsole } from '../terminal/sanitize.ts';

export async function read(cli: Cli, { file }: { file: string }, { url, type }: { url: string | undefined; type: string | undefined }): Promise<void> {
  const bytes = await buffer(file === '-' ? process.stdin : createReadStream(file));
  stretchDeadlines(await deadlineScale(cli.settings));
  const document = await readDocument(bytes, { name: file === '-' ? undefined : basename(file), mediaType: type, url });
  for (const warning of document.warnings) cli.out.note(sanitize(warning));
  cli.out.result(document, () => sanitizeConsole(document.markdown).trimEnd());
}
