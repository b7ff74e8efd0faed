// somnus image build, ls, rm
import { randomUUID } from 'node:crypto';
import type { Cli } from '../command.ts';
import { followOperations } from '../follow-operations.ts';
import { operationFailure } from '../operation-outcome.ts';
import { formatBytes, formatDuration, formatWhen } from '../terminal/humanize.ts';
import { sanitize } from '../terminal/sanitize.ts';
import { operationRow } from '../views/operation-view.ts';

export async function buildImage(cli: Cli, _args: unknown, options: { wait: boolean }): Promise<void> {
  const api = await cli.api();
  const { operation: started } = await api.call('post', '/v1/images', { headers: { 'idempotency-key': randomUUID() } });
  if (!options.wait) {
    cli.out.result(started, () => (cli.out.quiet ? started.id : operationRow(cli.out, started).slice(0, 4).join('   ')));
    return;
  }
  const [operation = started] = await followOperations(cli, [started]);
  const failure = operationFailure(operation);
  if (failure !== undefined) throw failure;
  cli.out.result(operation, () => (cli.out.quiet ? operation.id : `The image is ready${operation.startedAt === null || operation.endedAt === null ? '' : ` after ${formatDuration(Date.parse(operation.endedAt) - Date.parse(operation.startedAt))}`}`));
}

export async function listImages(cli: Cli): Promise<void> {
  const api = await cli.api();
  const images = await api.call('get', '/v1/images');
  cli.out.list(images, {
    columns: [{ title: 'VERSION' }, { title: 'SUITE' }, { title: 'AGENT' }, { title: 'SIZE', align: 'right' }, { title: 'ON DISK', align: 'right' }, { title: 'ENVIRONMENTS', align: 'right' }, { title: 'CREATED' }, { title: '' }],
    row: (image) => [
      sanitize(image.version), sanitize(image.suite), sanitize(image.agentVersion), formatBytes(image.sizeBytes), formatBytes(image.allocatedBytes),
      String(image.environments), formatWhen(image.createdAt), image.current ? cli.out.paint('green', 'current') : '',
    ],
    name: ({ version }) => version,
    none: 'No images. Build one with `somnus image build`.',
  });
}

export async function removeImages(cli: Cli, args: { versions: string[] }): Promise<void> {
  const api = await cli.api();
  for (const version of args.versions) {
    await api.call('delete', '/v1/images/{version}', { path: { version } });
    cli.out.item({ version }, () => (cli.out.quiet ? version : `Removed ${sanitize(version)}`));
  }
}
