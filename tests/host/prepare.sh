#!/bin/bash
# Runs set-up's functions natively in the root of a host's disk: Debian packages, Node, npm packages, guest image. Does not start services.
# Must be run in its own mount namespace.
set -eu
disk=$1 root=$2 repository=$3 clone=$4
mount -o loop "$disk" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t sysfs -o ro sysfs "$root/sys"
for folder in run tmp; do mount -t tmpfs tmpfs "$root/$folder"; done
cp /etc/resolv.conf "$root/run/resolv.conf"
mount --bind "$root/run/resolv.conf" "$root/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mkdir -p "$root$clone"
git -C "$repository" archive HEAD | tar -x -m -C "$root$clone"
chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin bash -euc '
  cd '"$clone"'
  . deploy/lib.sh
  require_debian_root
  install_packages "${FETCH_PACKAGES[@]}"
  install_packages "${PACKAGES[@]}"
  install_node_and_npm_packages
  use_node
  systemctl disable redis-server.service
  node images/build-guest.ts'
rm "$root/usr/sbin/policy-rc.d"
