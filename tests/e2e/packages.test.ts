// Package tools work without settings in a VM whose network only allows package hosts.
import { beforeAll, expect, test } from 'vitest';
import { TestControlPlane } from '../support/control-plane.ts';

let somnus: TestControlPlane;
const NAME = 'tools';

const guest = async (script: string): Promise<string> => await somnus.ok('exec', NAME, '--', 'sh', '-euc', script);

beforeAll(async () => {
  somnus = await TestControlPlane.withImage();
  await somnus.ok('create', NAME, '--profile', 'idle', '--network', 'packages');
});

test('apt installs a package', async () => {
  await guest('apt-get -qq update && apt-get -qq install --no-install-recommends hello >/dev/null');
  expect(await guest('hello')).toContain('Hello, world!');
});

test('npm installs a package', async () => {
  expect(await guest('mkdir -p /root/npm && cd /root/npm && npm install --silent --no-audit --no-fund is-number@7.0.0 && node -p "require(\'is-number\')(5)"')).toContain('true');
});

test('pip installs a package', async () => {
  expect(await guest('pip install --quiet --target /root/pip six==1.16.0 && PYTHONPATH=/root/pip python3 -c "import six; print(six.__version__)"')).toContain('1.16.0');
});
