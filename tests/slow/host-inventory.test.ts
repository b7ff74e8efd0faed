// Set-up and uninstall on hosts in use: afterwards everything is as before, according to an inventory of the whole host.
import { expect, test } from 'vitest';
import { BareHost } from '../support/bare-host.ts';
import { inventoryScript } from '../support/user-host-inventory.ts';

const QUICKSTART = './deploy/quickstart.sh --no-demo --data-dir /srv/somnus --pool-size 4';
const UNINSTALL = './deploy/uninstall.sh --yes';
const HOUR_MS = 3_600_000;

/** What a user has on a host, besides packages. */
const userThings = `
mkdir -p /home/ann/letters /srv/shared /root/.config; echo dear >/home/ann/letters/bob; echo mine >/srv/shared/file
iptables -A INPUT -s 203.0.113.7 -j DROP; iptables -A FORWARD -s 172.17.0.0/16 -m comment --comment "Ann's own" -j DROP; iptables -t nat -A POSTROUTING -s 10.9.0.0/24 -j MASQUERADE
nft add table inet ann; nft add chain inet ann input '{ type filter hook input priority 5; }'; nft add rule inet ann input tcp dport 23 drop
`;

async function setUpAndUninstall(host: BareHost): Promise<{ before: string; after: string; said: string }> {
  const before = await host.run(inventoryScript);
  await host.run(QUICKSTART, HOUR_MS);
  expect(await host.run('somnus doctor -o json')).toContain('"ok": true');
  await host.run(QUICKSTART, HOUR_MS); // again: the record of the host does not change
  const said = await host.run(UNINSTALL, HOUR_MS);
  return { before, after: await host.run(inventoryScript), said };
}

test('A host with its own Docker, firewall rules, libvirt network and files is unchanged after uninstall', { timeout: 2 * HOUR_MS }, async () => {
  await using host = await BareHost.start({ packages: ['docker.io', 'iptables', 'nftables', 'libvirt-daemon-system', 'libvirt-daemon-driver-qemu', 'libvirt-clients', 'dnsmasq-base', 'curl', 'tini', 'qemu-system-x86'] });
  await host.run(`
    (cd / && for daemon in dockerd virtlogd libvirtd; do setsid --fork $daemon >/var/log/$daemon.log 2>&1 </dev/null; done)
    until docker version && virsh version; do sleep 1; done
    tar -C / -c bin/true | docker import - ann/image && docker volume create ann && docker network create ann && docker create --name ann ann/image /bin/true
    virsh net-define /dev/stdin <<<'<network><name>ann</name><forward mode="nat"/><bridge name="virann"/><ip address="10.77.0.1" netmask="255.255.255.0"/></network>' && virsh net-start ann
    mkdir -p /var/lib/docker/volumes/empty /var/lib/libvirt/images/empty /etc/libvirt/hooks/empty
    ${userThings}`, HOUR_MS);
  const { before, after } = await setUpAndUninstall(host);
  expect(after).toBe(before);
});

test('A bare host with its own firewall rules and files is unchanged after uninstall, except for what Docker put into an existing folder', { timeout: 2 * HOUR_MS }, async () => {
  await using host = await BareHost.start({ packages: ['systemd-sysv', 'dbus', 'iptables', 'nftables'] });
  await host.run(`echo 0 >/proc/sys/net/ipv4/ip_forward; mkdir -p /var/lib/docker/volumes/empty /var/lib/libvirt/images/empty /etc/libvirt/hooks/empty; ${userThings}`);
  const { before, after } = await setUpAndUninstall(host);
  const [was, is] = [before.split('\n'), after.split('\n')];
  expect(was.filter((line) => !is.includes(line))).toEqual([]);
  expect(is.filter((line) => !was.includes(line) && !line.includes(' /var/lib/docker/'))).toEqual([]);
});
