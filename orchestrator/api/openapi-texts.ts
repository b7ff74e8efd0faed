// What the OpenAPI document says besides the routes and schemas: where the API is, its groups of routes, its errors, and a quickstart.
import { errorCodes, type ErrorCode } from '../../common/errors.ts';
import { httpStatus } from './http-status.ts';

export const servers = [{ url: 'http://127.0.0.1:7777', description: 'The control plane on its own host; `api.port` in the configuration changes the port.' }];

/** In the order of the page at /docs. */
export const tagTexts: Readonly<Record<string, string>> = {
  environments: 'Environments: VMs with their lifecycle, programs, files, snapshots and forks.',
  packs: 'Capability packs: programs that are installed in steps, each with a check and a snapshot.',
  artifacts: 'Code and data with versions, which run in containers of their own.',
  profiles: 'Named amounts of vCPUs, memory and disk.',
  images: 'Guest images, which new environments start from.',
  keys: 'API keys.',
  secrets: 'Keys of services that environments use through the gateway without having them.',
  users: 'Users, who own environments, keys and memory.',
  operations: 'Long-running changes, with their steps.',
  events: 'What happened, as a list or a stream.',
  audit: 'Who requested which change, and its outcome.',
  collaborations: 'Work that several environments do together: sub-tasks, messages, results.',
  memory: 'What agents remember, encrypted with the secret of their user.',
  read: 'Convert pages and documents to text and Markdown.',
  research: 'Web pages that Somnus collects, searches and keeps as evidence, fact checks and deep dives.',
  host: 'This host: status, checks, pool and clock.',
  quarantine: 'Files and VMs that no record knows.',
  server: 'Health, metrics and this description.',
  openapi: 'This description.',
};

export const quickstart: readonly (readonly [command: string, does: string])[] = [
  ['S=127.0.0.1:7777; A="Authorization: Bearer $(cat ~/.config/somnus/key)"', 'where the API is, and the key that set-up wrote'],
  ['curl -H "$A" "$S/v1/environments?limit=10"', 'list environments'],
  ['curl -H "$A" --json \'{"name": "demo"}\' "$S/v1/environments?wait=120"', 'create one, and wait until it runs'],
  ['curl -H "$A" --json \'{"command": "uname -a"}\' $S/v1/environments/demo/exec', 'run a command'],
  ['curl -H "$A" -T data.csv "$S/v1/environments/demo/files?path=/srv/data.csv&mkdirs=true"', 'upload a file'],
  ['curl -H "$A" --json \'{"name": "good"}\' "$S/v1/environments/demo/snapshots?wait=60"', 'take a snapshot'],
  ['curl -H "$A" --json \'{}\' "$S/v1/environments/demo/snapshots/good/restore?wait=60"', 'restore it'],
  ['curl -H "$A" -N $S/v1/events', 'follow events'],
];

export interface ErrorResponse { name: string; description: string; codes: readonly ErrorCode[] }

const names: Readonly<Record<number, string>> = {
  400: 'InvalidRequest', 401: 'Unauthenticated', 403: 'Forbidden', 404: 'NotFound', 405: 'MethodNotAllowed', 409: 'Conflict', 412: 'PreconditionFailed', 413: 'TooLarge', 415: 'UnsupportedMediaType', 422: 'Unprocessable',
  423: 'Locked', 429: 'TooManyRequests', 500: 'InternalError', 502: 'BadGateway', 503: 'Unavailable', 504: 'Timeout',
};

/** The answer for each status of an error, with the codes that have it. */
export const errorResponses: ReadonlyMap<number, ErrorResponse> = new Map([...Map.groupBy(Object.keys(errorCodes) as ErrorCode[], (code) => httpStatus[code])]
  .toSorted(([a], [b]) => a - b)
  .map(([status, codes]) => [status, { name: names[status] ?? `Status${status}`, codes, description: codes.map((code) => `\`${code}\`: ${errorCodes[code].title}`).join('. ') }]));
