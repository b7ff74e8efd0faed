import fc from 'fast-check';
import { expect, test } from 'vitest';
import { overlaps } from '../../supervisor/network/host-addresses.ts';
import { gatewayOf } from '../../supervisor/network/iproute2-devices.ts';
import { segmentAddress, segmentIndex } from '../../supervisor/network/network.ts';

const plan = { installation: 'beef', subnet: '10.83.0.0/16' };
const index = fc.integer({ min: 1, max: 65_000 });

test('an address identifies its segment, and no two segments share anything', () => {
  fc.assert(fc.property(index, index, (one, other) => {
    const address = segmentAddress(plan, one);
    expect(segmentIndex(plan, address.ip)).toBe(one);
    if (one === other) return;
    const second = segmentAddress(plan, other);
    expect(new Set([address.ip, address.mac, address.tapName, second.ip, second.mac, second.tapName]).size).toBe(6);
  }));
});

test('names fit a Linux interface, and MAC addresses are local unicast ones', () => {
  fc.assert(fc.property(index, (one) => {
    const { tapName, mac } = segmentAddress(plan, one);
    expect(tapName.length).toBeLessThanOrEqual(15);
    expect(Number.parseInt(mac.slice(0, 2), 16) & 3).toBe(2);
  }));
});

test('addresses of the host, of others and nonsense belong to no segment', () => {
  for (const ip of ['10.83.0.1', '10.83.0.255', '10.84.1.1', '10.83.254.255', '::1', '', '10.83.1', '10.83.1.1.1', 'x']) expect(segmentIndex(plan, ip)).toBeUndefined();
});

test('the gateway is outside of all segments and installations differ in its MAC', () => {
  expect(gatewayOf(plan)).toEqual({ ip: '10.83.0.1', mac: expect.stringMatching(/^52:54:[0-9a-f]{2}:[0-9a-f]{2}:00:00$/) as string });
  expect(gatewayOf(plan).mac).not.toBe(gatewayOf({ ...plan, installation: 'cafe' }).mac);
});

test('networks overlap when one contains an address of the other', () => {
  expect(overlaps('10.83.4.5/24', '10.83.0.0/16')).toBe(true);
  expect(overlaps('10.1.2.3/8', '10.83.0.0/16')).toBe(true);
  expect(overlaps('10.84.0.1/16', '10.83.0.0/16')).toBe(false);
  expect(overlaps('192.168.1.2/24', '10.83.0.0/16')).toBe(false);
  expect(overlaps('255.255.255.255/32', '0.0.0.0/0')).toBe(true);
});
