// somnus port …, open: ports of an environment that are published on the host.
import { SomnusError } from '../../../common/errors.ts';
import type { PortPage, PublishedPort } from '../../client/schema.d.ts';
import type { Cli } from '../command.ts';
import { parsePort } from '../parse-values.ts';
import { sanitize } from '../terminal/sanitize.ts';

interface Target { name: string; port: string }

export async function publishPort(cli: Cli, { name, port: typed }: Target, { as }: { as: number | undefined }): Promise<void> {
  const port = parsePort(typed);
  const published: PublishedPort = await (await cli.api()).call('post', '/v1/environments/{ref}/ports', { path: { ref: name }, body: { port, hostPort: as } });
  cli.out.result(published, () => (cli.out.quiet ? String(published.hostPort) : `Port ${port} of ${sanitize(name)} is at ${published.url}`));
}

export async function listPorts(cli: Cli, { name }: { name: string }): Promise<void> {
  const ports: PortPage = await (await cli.api()).call('get', '/v1/environments/{ref}/ports', { path: { ref: name } });
  cli.out.list(ports, {
    columns: [{ title: 'PORT', align: 'right' }, { title: 'URL' }, { title: 'STATUS' }],
    row: ({ port, url, status, problem }: PublishedPort) => [String(port), url, problem === null ? status : `${status}: ${sanitize(problem)}`],
    name: ({ port }) => String(port),
    none: `No published ports. Publish one with \`somnus port publish ${name} PORT\`.`,
  });
}

export async function removePort(cli: Cli, { name, port: typed }: Target): Promise<void> {
  const port = parsePort(typed);
  await (await cli.api()).call('delete', '/v1/environments/{ref}/ports/{port}', { path: { ref: name, port } });
  if (!cli.out.json) cli.out.line(cli.out.quiet ? String(port) : `Port ${port} is no longer published.`);
}

/** Prints the URL of NAME:PORT, and publishes the port if it is not published yet. */
export async function openPort(cli: Cli, { place }: { place: string }): Promise<void> {
  const [, name, port] = /^(.+):(\d{1,5})$/.exec(place) ?? [];
  if (name === undefined) throw new SomnusError('invalid_request', `${place} is not NAME:PORT`, { hint: 'For example: `somnus open demo:3000`.' });
  const published: PublishedPort = await (await cli.api()).call('post', '/v1/environments/{ref}/ports', { path: { ref: name }, body: { port: parsePort(port ?? '') } });
  cli.out.result(published, () => published.url);
}
