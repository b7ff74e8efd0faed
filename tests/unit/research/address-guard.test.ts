import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { addressGuard } from '../../../orchestrator/research/fetch/address-guard.ts';

const guard = addressGuard({ networks: ['20.1.0.0/16'], ownAddresses: () => ['8.8.4.4'] });
const refused = expect.objectContaining({ code: 'address_refused' }) as Error;

test.each(['1.1.1.1', '93.184.216.34', '172.15.0.1', '172.32.0.1', '192.167.255.255', '100.63.0.1', '2606:4700::1111', '2a00:1450::8a'])('The public address %s is allowed', (address) => {
  expect(() => guard.assertPublic(address, 'host')).not.toThrow();
});

test.each([
  '127.0.0.1', '127.9.9.9', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1', '198.18.0.1', '192.0.2.1', '224.0.0.1', '255.255.255.255', '::1', '::', 'fe80::1', 'fc00::1', 'fd12::1', 'ff02::1',
  '::ffff:127.0.0.1', '::ffff:8.8.8.8', '64:ff9b::7f00:1', '2002:7f00:1::', '2001::1', '2001:db8::1', '20.1.2.3', '8.8.4.4', 'localhost', '',
])('The address %j is refused: private, reserved, of an environment, of this host, or not an address', (address) => {
  expect(() => guard.assertPublic(address, 'host')).toThrow(refused);
});

test('Each address that this host has is refused', () => {
  const own = Object.values(networkInterfaces()).flatMap((found) => found?.map(({ address }) => address) ?? []);
  expect(own.length).toBeGreaterThan(0);
  for (const address of own) expect(() => addressGuard().assertPublic(address, 'host'), address).toThrow(refused);
});
