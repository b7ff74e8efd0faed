// The process in which one document is parsed: hints and bytes on standard input, the document or an error as JSON on standard output. It runs under `confined-process.ts` and Node's permission model.
import { buffer } from 'node:stream/consumers';
import { toSomnusError } from '../../../common/errors.ts';
import { parseDocument, type DocumentHints } from './parse-document.ts';

// Libraries may print messages about a document; standard output is only for the answer.
for (const method of ['log', 'info', 'debug', 'warn', 'error'] as const) globalThis.console[method] = () => {};

const input = await buffer(process.stdin);
const end = input.indexOf(10);
const hints = JSON.parse(input.subarray(0, end).toString('utf8')) as DocumentHints;
const answer = await parseDocument(new Uint8Array(input.subarray(end + 1)), hints).then((document) => ({ document }), (thrown: unknown) => ({ error: toSomnusError(thrown).toJSON() }));
process.stdout.write(JSON.stringify(answer), () => process.exit(0));
