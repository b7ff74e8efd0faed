#!/bin/bash
# Lists what a host consists of, in comparable lines: run before set-up and after uninstall. Leaves out what changes on its own.
export LC_ALL=C
section() { sed "s|^|$1: |"; }
dpkg-query -W -f='${Package} ${Version} ${db:Status-Status}\n' | sort | section package
getent passwd | sort | section user
getent group | sort | section group
# Files with kind, mode and owner; contents of configuration files.
find /etc /opt /root /srv /home /usr/local /var/lib /var/cache /var/spool /run -xdev \
  \( -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/systemd -o -path /var/cache/apt -o -path /var/cache/debconf -o -path /var/cache/ldconfig \
     -o -path /run/systemd -o -path /run/udev -o -path /run/user -o -path /run/log -o -path /run/credentials -o -path /root/.ssh -o -path /var/lib/private/systemd \
     -o -name __pycache__ \) -prune -o -printf '%y %m %u:%g %p %l\n' | sort | section file
find /etc -xdev -type f ! -name '*-' ! -path '/etc/ssl/certs/*' ! -name ld.so.cache -exec sha256sum {} + | sort -k2 | section content
iptables-save 2>/dev/null | sed -e '/^#/d' -e 's/\[[0-9:]*\]//' | section iptables
nft list ruleset 2>/dev/null | section nftables
cat /proc/sys/net/ipv4/ip_forward | section ip_forward
ip -o link | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | sort | section link
ip -4 route | sort | section route
findmnt --raw --noheadings --output TARGET,FSTYPE | sort | section mount
losetup --noheadings --output BACK-FILE | section loop
systemctl list-unit-files --no-legend --state=enabled,disabled,masked,static | awk '{print $1, $2}' | sort | section unit
systemctl list-units --no-legend --plain --state=running,failed --type=service | awk '$1 !~ /^(user@|systemd-|ssh@)/ {print $1, $4}' | sort | section service
find /sys/kernel/security/apparmor/policy/profiles -maxdepth 1 -mindepth 1 -printf '%f\n' 2>/dev/null | sed 's/\.[0-9]*$//' | sort | section apparmor
