#!/usr/bin/env bash
# Takes away what the quickstart put on this host. Environments are only deleted after a clear yes.
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'TEXT'
usage: deploy/uninstall.sh [options]

  --yes              do not ask; environments are deleted
  --keep-data        keep the data folder with all environments, for a later quickstart
  --keep-packages    keep the Debian packages that the quickstart installed
TEXT
}

yes=no keep_data=no keep_packages=no
while [ $# -gt 0 ]; do
  case $1 in
    --yes) yes=yes ;;
    --keep-data) keep_data=yes ;;
    --keep-packages) keep_packages=yes ;;
    -h | --help) usage; exit 0 ;;
    *) printf 'error: there is no option %s\n' "$1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done

require_debian_root "$@"
lock_setup
exists_any() { local path; for path in "$@"; do [ ! -e "$path" ] || return 0; done; return 1; }

# A set-up that ended early, or one for tests alone, has left no configuration: then there are only packages, Node and daemons.
data=no
if exists_any $CONFIG $LAUNCHER /var/lib/somnus /var/cache/somnus; then
  data=yes
  if ! use_node || [ ! -d "$REPO/node_modules/yaml" ]; then
    fail "Node or the npm packages are missing, which this needs" "Run deploy/quickstart.sh --no-demo first: it mends what is missing."
  fi
  read_config
elif ! exists_any "$(dirname $RECORD)" $SOMNUS_LIB $DAEMONS; then
  say "Somnus is not set up on this host: there is nothing to take away."
  rm -f /run/somnus-setup.lock
  exit 0
fi

confirm() { # confirm QUESTION
  [ $yes = no ] || return 0
  [ -t 0 ] || fail "this needs a yes" "Run it on a terminal, or with --yes."
  local answer
  read -r -p "$1 [type yes] " answer
  [ "$answer" = yes ]
}

if [ $data = yes ] && [ $keep_data = no ]; then
  say "These environments will be deleted for good:"
  node "$REPO/deploy/tear-down.ts" --list
  confirm "Delete them and everything else that Somnus keeps?" || { say "Nothing was changed."; exit 1; }
fi

stop_control_plane() {
  if [ -e $UNIT ]; then
    ! has_systemd || systemctl disable --now somnus.service
    rm -f $UNIT
    ! has_systemd || systemctl daemon-reload
  fi
  [ ! -e $LAUNCHER ] || $LAUNCHER down
}

stop_daemons() {
  [ -e $DAEMONS ] || return 0
  local name pid
  while read -r name pid; do
    [ "$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")" = "tini -s -- $name " ] || continue
    kill "$pid"
    wait_for 30 [ ! -e "/proc/$pid" ]
  done <$DAEMONS
}

# What Docker leaves when it ends; only where it came with us.
remove_docker_traces() {
  grep -qx docker.io $RECORD 2>/dev/null || return 0
  ! has_systemd || systemctl disable --now docker.service docker.socket
  ! ip link show docker0 >/dev/null 2>&1 || ip link del docker0
  iptables-save | grep -v -e DOCKER -e docker0 -e 172.17.0.0/16 | sed 's/^:FORWARD DROP/:FORWARD ACCEPT/' | iptables-restore
  ! mountpoint -q /var/lib/docker || umount /var/lib/docker
  if [ "$(cat $FORWARDING 2>/dev/null)" = 0 ]; then echo 0 >/proc/sys/net/ipv4/ip_forward; fi
}

# Only what nothing else has come to need: apt decides, as if they had been installed as dependencies.
remove_packages() {
  record_packages
  local -a ours unneeded
  mapfile -t ours < <(installed_packages | comm -12 - $RECORD)
  [ ${#ours[@]} -gt 0 ] || return 0
  apt-mark auto "${ours[@]}"
  mapfile -t unneeded < <(apt-get -s -o APT::AutoRemove::RecommendsImportant=false -o APT::AutoRemove::SuggestsImportant=false autoremove |
    awk '/^Remv /{print $2}' | sort -u | comm -12 - $RECORD)
  [ ${#unneeded[@]} -eq 0 ] || apt_get purge -y "${unneeded[@]}"
  command -v dockerd >/dev/null || rm -rf /etc/docker/key.json /run/docker /run/docker.* /run/containerd
  command -v libvirtd >/dev/null || rm -rf /run/libvirt
  local folder
  for folder in /etc/docker /etc/libvirt /var/lib/docker /var/lib/libvirt /opt/containerd; do   # what packages left empty
    [ ! -d $folder ] || find $folder -depth -type d -empty -delete
  done
}

# What the command keeps in the home folders of root and of who called sudo; folders that are empty then.
remove_user_traces() {
  local user home
  for user in root "${SUDO_USER:-root}"; do
    home=$(getent passwd "$user" | cut -d: -f6)
    [ -n "$home" ] || continue
    rm -rf "$home/.cache/somnus"
    rmdir "$home/.config/somnus" "$home/.config" "$home/.cache" 2>/dev/null || true
  done
  rm -rf "$NODE_COMPILE_CACHE"
  rmdir "$(dirname "${SOMNUS_KEY_FILE:-/}")" 2>/dev/null || true
}

step "control plane" stop_control_plane
if [ $data = no ]; then
  keep_data=no
elif [ $keep_data = no ]; then
  step "environments, networks, pool, images" node "$REPO/deploy/tear-down.ts" --all
else
  step "networks and mounts; VMs are switched off" node "$REPO/deploy/tear-down.ts" --keep-data
fi
step "daemons that the quickstart started" stop_daemons
if [ $keep_packages = no ]; then
  step "Docker's network" remove_docker_traces
  step "Debian packages that it installed" remove_packages
fi
[ $keep_data = yes ] || rm -f "${SOMNUS_KEY_FILE:-}"
step "the command, Node and the configuration" rm -rf $LAUNCHER $SOMNUS_LIB $CONFIG "$(dirname $DAEMONS)" $LOGS
remove_user_traces
# The record of packages stays with the packages, for the uninstallation after the next quickstart.
[ $keep_packages = yes ] || rm -rf "$(dirname $RECORD)"
rm -f /run/somnus-setup.lock
rmdir /var/cache/somnus 2>/dev/null || true
[ $keep_data = no ] || say "The environments are in $DATA_DIR; deploy/quickstart.sh --data-dir $DATA_DIR takes them up again."
say "Somnus is gone from this host; this folder and its node_modules are yours to delete."
