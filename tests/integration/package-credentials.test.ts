// pip, npm and apt of a guest, with an image's settings, and package sources that require credentials which only the host has.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../../common/log.ts';
import { runCommand } from '../../common/run-command.ts';
import { settingsFiles } from '../../images/guest-root.ts';
import { withoutCredentials, type HostSettings } from '../../images/host-settings.ts';
import { packageSources, type CredentialSettings } from '../../images/package-credentials.ts';
import type { NetworkPolicy } from '../../supervisor/domain/network-policy.ts';
import { createHostNetwork } from '../../supervisor/network/linux-network.ts';
import type { HostNetwork } from '../../supervisor/network/network.ts';
import { NamespaceGuest, vethFor } from '../support/network-namespaces.ts';

const npm = join(dirname(process.execPath), 'npm');
const wheel = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as z:
    z.writestr('thing/__init__.py', '')
    z.writestr('thing-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: thing\\nVersion: 1.0\\n')
    z.writestr('thing-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    z.writestr('thing-1.0.dist-info/RECORD', '')
`;
const made = new AsyncDisposableStack();

let folder: string;
let origin: string;
let network: HostNetwork;
let guest: NamespaceGuest;
let host: HostSettings & CredentialSettings;
/** Paths requested with and without the right credential. */
let served: string[] = [];
let refused: string[] = [];

beforeAll(async () => {
  folder = made.adopt(await mkdtemp(join(tmpdir(), 'somnus-packages-')), async (path) => { await rm(path, { recursive: true }); });
  await runCommand('python3', ['-c', wheel, join(folder, 'thing-1.0-py3-none-any.whl')]);
  await mkdir(join(folder, 'package'));
  await writeFile(join(folder, 'package/package.json'), '{"name":"@us/thing","version":"1.0.0"}');
  await runCommand('tar', ['-C', folder, '-czf', join(folder, 'thing-1.0.0.tgz'), 'package']);
  const contents: Record<string, () => Promise<{ type: string; body: string | Buffer }>> = {
    '/team/simple/thing/': async () => ({ type: 'text/html', body: '<!DOCTYPE html><a href="../../files/thing-1.0-py3-none-any.whl">thing-1.0-py3-none-any.whl</a>' }),
    '/team/files/thing-1.0-py3-none-any.whl': async () => ({ type: 'application/octet-stream', body: await readFile(join(folder, 'thing-1.0-py3-none-any.whl')) }),
    '/npm/@us%2fthing': async () => ({ type: 'application/json', body: JSON.stringify({ name: '@us/thing', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': { name: '@us/thing', version: '1.0.0', dist: { tarball: `${origin}/npm/@us/thing/-/thing-1.0.0.tgz` } } } }) }),
    '/npm/@us/thing/-/thing-1.0.0.tgz': async () => ({ type: 'application/octet-stream', body: await readFile(join(folder, 'thing-1.0.0.tgz')) }),
    '/debian/dists/stable/InRelease': async () => ({ type: 'text/plain', body: 'Origin: us\n' }),
  };
  const server: Server = createServer((request, response) => {
    const { url = '', headers: { authorization } } = request;
    const wanted = url.startsWith('/npm/') ? 'Bearer t0ken' : `Basic ${Buffer.from('ann:s3cret').toString('base64')}`;
    (authorization === wanted ? served : refused).push(url);
    const content = contents[url];
    if (authorization !== wanted || content === undefined) return void response.writeHead(authorization === wanted ? 404 : 401).end();
    void content().then(({ type, body }) => response.writeHead(200, { 'content-type': type }).end(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  made.defer(() => { server.closeAllConnections(); server.close(); });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const withPassword = origin.replace('http://', 'http://ann:s3cret@');
  host = {
    aptSources: [{ uri: `${withPassword}/debian`, suite: 'stable', components: ['main'] }], aptOptions: [], aptAuth: '', caCertificates: [], proxies: {},
    pip: { 'index-url': `${withPassword}/team/simple` }, npm: [`registry=${origin}/npm/`], npmAuth: [`${origin.replace('http:', '')}/npm/:_authToken=t0ken`],
  };
  network = made.adopt(createHostNetwork({ installation: '9e13', subnet: '10.53.0.0/16', createDevice: vethFor, packageHosts: [], packageSources: async () => packageSources(host), log: createLogger({ level: 'warn' }) }), async (it) => { await it.destroy(); });
  await network.destroy(); // from an earlier run that was killed
  await network.ensure();
  guest = made.use(new NamespaceGuest(network.address(1), network.gateway));
  await guest.prepare();
  await network.attach({ index: 1, policy: 'open' });
  await guest.boot();
  const files = settingsFiles(withoutCredentials(host, packageSources(host)));
  await writeFile(join(folder, 'pip.conf'), files['etc/pip.conf'] ?? '');
  await writeFile(join(folder, 'npmrc'), files['usr/local/etc/npmrc'] ?? '');
});
afterAll(async () => { await made.disposeAsync(); });

/** With nothing from the host's environment. */
const run = async (...command: string[]): Promise<string> => await guest.run(['env', '-i', `PATH=${dirname(process.execPath)}:/usr/bin:/bin`, `HOME=${folder}`, `PIP_CONFIG_FILE=${folder}/pip.conf`, `npm_config_userconfig=${folder}/npmrc`, 'npm_config_globalconfig=/dev/null', 'sh', '-c', `cd ${folder}; exec "$@"`, 'sh', ...command], 120_000);
const aptUri = (): string => withoutCredentials(host, packageSources(host)).aptSources[0]?.uri ?? '';

test.each(['open', 'packages'] satisfies NetworkPolicy[])('Under the policy %s all three read from it, and the source sees the host\'s credential', async (policy) => {
  await network.setPolicy(1, policy);
  [served, refused] = [[], []];
  expect(await run('python3', '-m', 'pip', 'download', '--no-deps', '--no-cache-dir', '--dest', `${folder}/${policy}`, 'thing')).toContain('thing-1.0-py3-none-any.whl');
  expect(await run(process.execPath, npm, 'pack', '@us/thing', '--cache', `${folder}/cache-${policy}`)).toContain('us-thing-1.0.0.tgz');
  expect(await run('/usr/lib/apt/apt-helper', 'download-file', `${aptUri()}/dists/stable/InRelease`, `${folder}/InRelease-${policy}`)).toContain('Fetched');
  expect([...new Set(served)].toSorted()).toEqual(['/debian/dists/stable/InRelease', '/npm/@us%2fthing', '/npm/@us/thing/-/thing-1.0.0.tgz', '/team/files/thing-1.0-py3-none-any.whl', '/team/simple/thing/']);
  expect(refused).toEqual([]);
});

test('Under the policy none it is unreachable, by name and by address', async () => {
  await network.setPolicy(1, 'none');
  served = [];
  await expect(run('curl', '--silent', '--show-error', '--max-time', '5', `${aptUri()}/dists/stable/InRelease`)).rejects.toThrow(/resolve/i);
  await expect(run('curl', '--silent', '--show-error', '--max-time', '5', `http://${network.gateway.ip}/x`)).rejects.toThrow(/timed out|refused|unreachable/i);
  expect(served).toEqual([]);
});
