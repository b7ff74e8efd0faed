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
if ! use_node || [ ! -d "$REPO/node_modules/yaml" ]; then
  fail "Node or the npm packages are missing, which this needs" "Run deploy/quickstart.sh --no-demo first: it mends what is missing."
fi
read_config

confirm() { # confirm QUESTION
  [ $yes = no ] || return 0
  [ -t 0 ] || fail "this needs a yes" "Run it on a terminal, or with --yes."
  local answer
  read -r -p "$1 [type yes] " answer
  [ "$answer" = yes ]
}

if [ $keep_data = no ]; then
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
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$name" ] || continue
    kill "$pid"
    wait_for 30 [ ! -e "/proc/$pid" ]
  done <$DAEMONS
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
}

step "control plane" stop_control_plane
if [ $keep_data = no ]; then
  step "environments, networks, pool, images" node "$REPO/deploy/tear-down.ts" --all
else
  step "networks and mounts; VMs are switched off" node "$REPO/deploy/tear-down.ts" --keep-data
fi
step "daemons that the quickstart started" stop_daemons
[ $keep_packages = yes ] || step "Debian packages that it installed" remove_packages
[ $keep_data = yes ] || rm -f "$SOMNUS_KEY_FILE"
rmdir "$(dirname "$SOMNUS_KEY_FILE")" 2>/dev/null || true
step "the command, Node and the configuration" rm -rf $LAUNCHER $SOMNUS_LIB "$(dirname $CONFIG)" "$(dirname $DAEMONS)" $LOGS
rm -f /run/somnus-setup.lock
[ $keep_data = no ] || say "The environments are in $DATA_DIR; deploy/quickstart.sh --data-dir $DATA_DIR takes them up again."
say "Somnus is gone from this host; this folder and its node_modules are yours to delete."
