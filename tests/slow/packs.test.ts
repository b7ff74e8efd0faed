// The five packs of Somnus, each installed for real.
import { beforeAll, describe, expect, test } from 'vitest';
import { TestControlPlane } from '../support/control-plane.ts';

let somnus: TestControlPlane;
const NAME = 'all-packs';

beforeAll(async () => {
  somnus = await TestControlPlane.withImage({ poolGiB: 30 });
  await somnus.ok('create', NAME, '--profile', 'coding');
});

const guest = async (script: string): Promise<string> => await somnus.ok('exec', NAME, '--', 'bash', '-euc', script);

describe.each(['base-tools', 'web-development', 'data-analysis', 'ai-research', 'browser-research'])('%s', (pack) => {
  test('is installed, and a second installation does nothing', async () => {
    await somnus.ok('pack', 'install', NAME, pack);
    expect((await somnus.cli(['pack', 'install', NAME, pack])).stderr).toContain(`${pack} 1.0.0 is installed already`);
  });
});

test('The services of the packs run after a restart, and all checks succeed', async () => {
  await somnus.ok('restart', NAME);
  await expect.poll(async () => (await somnus.cli(['exec', NAME, '--', 'bash', '-c', 'psql -d app -Atc "SELECT 1" && redis-cli ping && curl -sf http://127.0.0.1:9222/json/version'])).code, { timeout: 600_000, interval: 2000 }).toBe(0);
  expect(await somnus.json('pack', 'verify', NAME)).toMatchObject({ ok: true });
});

test('Chromium starts again when it dies, and keeps its profile', async () => {
  const pid = (await guest('systemctl show --property MainPID --value browser')).trim();
  await guest(`touch /var/lib/browser/profile/kept; kill -9 ${pid}`);
  await expect.poll(async () => (await somnus.cli(['exec', NAME, '--', 'curl', '-sf', 'http://127.0.0.1:9222/json/version'])).code, { timeout: 600_000, interval: 2000 }).toBe(0);
  expect((await guest('systemctl show --property MainPID --value browser; ls /var/lib/browser/profile/kept')).split('\n')[0]).not.toBe(pid);
});

test('Every pack can be uninstalled, those that others need last', async () => {
  expect((await somnus.cli(['pack', 'uninstall', NAME, 'base-tools'])).stderr).toContain('base-tools is needed by web-development');
  for (const pack of ['browser-research', 'ai-research', 'data-analysis', 'web-development', 'base-tools']) await somnus.ok('pack', 'uninstall', NAME, pack);
  expect(await somnus.json('pack', 'ls', '-e', NAME)).toMatchObject({ items: [] });
});
