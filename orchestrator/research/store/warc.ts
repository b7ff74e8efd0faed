// Writes a capture as a WARC file (ISO 28500, version 1.1), each record compressed separately, as web archives expect. The extracted text, which evidence quotes, is a conversion record.
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { STATUS_CODES } from 'node:http';
import type { Capture } from '../capture.ts';

interface WarcRecord { type: string; id: string; at: string; target?: string; contentType: string; fields?: Readonly<Record<string, string>>; block: Buffer }

const zip = promisify(gzip);

/** Pure: the same capture gives the same file. */
export async function warcOf({ capture, headers, bytes, text }: { capture: Capture; headers: Readonly<Record<string, string>>; bytes: Uint8Array; text: string | undefined }): Promise<Buffer> {
  const { finalUrl, status, fetchedAt, contentHash, url } = capture;
  const at = fetchedAt.replace(/\.\d+Z$/, 'Z');
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value.replace(/[\r\n]+/g, ' ')}`), `content-length: ${bytes.length}`, '', ''].join('\r\n');
  const responseId = recordId(capture.id, 'response');
  const records: WarcRecord[] = [
    { type: 'warcinfo', id: recordId(capture.id, 'warcinfo'), at, contentType: 'application/warc-fields', block: Buffer.from(`software: Somnus\r\nformat: WARC File Format 1.1\r\n`) },
    {
      type: 'response', id: responseId, at, target: finalUrl, contentType: 'application/http;msgtype=response', fields: { 'WARC-Payload-Digest': `sha256:${contentHash}`, ...(url === finalUrl ? {} : { 'X-Requested-URI': url }) },
      block: Buffer.concat([Buffer.from(head), bytes]),
    },
    ...(text === undefined ? [] : [{ type: 'conversion', id: recordId(capture.id, 'conversion'), at, target: finalUrl, contentType: 'text/plain; charset=utf-8', fields: { 'WARC-Refers-To': responseId }, block: Buffer.from(text) }]),
  ];
  return Buffer.concat(await Promise.all(records.map(async (record) => await zip(bytesOf(record)))));
}

function bytesOf({ type, id, at, target, contentType, fields = {}, block }: WarcRecord): Buffer {
  const head = ['WARC/1.1', `WARC-Type: ${type}`, `WARC-Record-ID: ${id}`, `WARC-Date: ${at}`, ...(target === undefined ? [] : [`WARC-Target-URI: ${target}`]), ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
    `WARC-Block-Digest: sha256:${createHash('sha256').update(block).digest('hex')}`, `Content-Type: ${contentType}`, `Content-Length: ${block.length}`, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head), block, Buffer.from('\r\n\r\n')]);
}

/** A UUID that depends only on the capture and the record. */
function recordId(captureId: string, part: string): string {
  const hex = createHash('sha256').update(`${captureId} ${part}`).digest('hex');
  return `<urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}>`;
}
