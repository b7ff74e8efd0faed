// Which container engine the doctor finds: by what answers at a socket, not by its name.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkContainerEngine } from '../../orchestrator/host/doctor.ts';
import { scratchFolder } from '../support/operations.ts';

/** @returns the path of a socket at which an engine reports its version */
async function engine(version: object): Promise<string> {
  const folder = scratchFolder();
  const path = join(folder.path, 'engine.sock');
  const server = createServer((request, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(request.url?.endsWith('/version') === true ? version : {})));
  server.listen(path);
  await once(server, 'listening');
  onTestFinished(() => { server.closeAllConnections(); server.close(); folder[Symbol.dispose](); });
  return path;
}
const docker = { Version: '26.1', Components: [{ Name: 'Engine', Version: '26.1' }] };
const podman = { Version: '4.3.1', Components: [{ Name: 'Podman Engine', Version: '4.3.1' }, { Name: 'Conmon', Version: '2' }] };

test('Docker is reported as Docker, and Podman by name where it answers instead, at either socket', async () => {
  const podmanSocket = await engine(podman);
  expect(await checkContainerEngine([await engine(docker), podmanSocket])).toMatchObject({ status: 'ok', found: 'Docker 26.1', details: { engine: 'docker' } });
  expect(await checkContainerEngine(['/nowhere/docker.sock', podmanSocket])).toMatchObject({ status: 'ok', found: `Podman 4.3.1 is used as Docker, at ${podmanSocket}`, details: { engine: 'podman', version: '4.3.1' } });
});

test('Where nothing answers, the finding says what to start or install', async () => {
  expect(await checkContainerEngine(['/nowhere/docker.sock', '/nowhere/podman.sock'])).toMatchObject({ status: 'warning', fix: expect.stringMatching(/docker\.io|podman\.socket/) as string });
});
