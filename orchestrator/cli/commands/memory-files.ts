// somnus memory remember --attach, somnus memory file: streams files into memory and back.
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SomnusError } from '../../../common/errors.ts';
import type { CallerVector, Importance, MemoryType } from '../../client/schema.d.ts';
import type { ApiClient } from '../api/api-client.ts';
import type { Cli } from '../command.ts';
import { fdSink } from '../terminal/byte-sink.ts';
import { sanitize } from '../terminal/sanitize.ts';

/** Includes sending the file, recognizing its text, and the commands that transcribe it. */
const SEND_MS = 24 * 3_600_000;

interface FileDescription {
  text: string | undefined; type: MemoryType | undefined; importance: Importance | undefined; caption: string | undefined; speaker: string | undefined; occurredAt: string | undefined; space: string | undefined; vector: CallerVector | undefined;
  environmentId: string | undefined; agentId: string | undefined; sessionId: string | undefined; conversationId: string | undefined;
}

export async function rememberFile(cli: Cli, api: ApiClient, path: string, description: FileDescription): Promise<void> {
  const { size, isFile } = await stat(path).then((found) => ({ size: found.size, isFile: found.isFile() }));
  if (!isFile) throw new SomnusError('invalid_request', `${path} is not a file`);
  const { id } = await api.call('post', '/v1/memory/files', { body: { ...description, name: basename(path).slice(-255) } });
  const stored = await api.call('put', '/v1/memory/files/{id}', { path: { id }, timeoutMs: SEND_MS, upload: { content: createReadStream(path), type: 'application/octet-stream', sizeBytes: size } });
  for (const warning of stored.warnings) cli.out.warn(sanitize(warning));
  const secrets = stored.redactedSecrets === 0 ? '' : `; ${stored.redactedSecrets} secrets were redacted`;
  cli.out.result(stored, () => (cli.out.quiet ? stored.id ?? '' : `${stored.outcome === 'stored' ? 'Stored' : 'Already stored'} ${stored.id ?? ''}: ${stored.letters} characters of text${secrets}`));
}

export async function memoryFile(cli: Cli, args: { id: string }, { to, space }: { to: string | undefined; space: string | undefined }): Promise<void> {
  const api = await cli.api();
  const content = await api.open('get', '/v1/memory/memories/{id}/file', { path: { id: args.id }, query: { space } });
  if (to !== undefined) return await pipeline(content, createWriteStream(to, { flags: 'wx', mode: 0o600 }));
  const stdout = fdSink(1);
  for await (const chunk of content as AsyncIterable<Buffer>) await stdout.write(chunk);
}
