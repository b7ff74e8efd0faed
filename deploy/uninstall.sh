#!/usr/bin/env bash
# Takes away what the quickstart put on this host. Environments are only deleted after a clear yes.
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'TEXT'
usage: deploy/uninstall.sh [options]

  --yes              do not ask; environments are deleted
  --keep-data        keep the data folder with all environments
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
    *) usage >&2; exit 2 ;;
  esac
  shift
done

require_debian_root "$@"
use_node || fail "Node $NODE_MAJOR is missing" "Run deploy/quickstart.sh --no-demo first; it mends what is missing."
ETC=/etc/somnus
PIDS=/run/somnus/daemons

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
  if has_systemd && [ -e /etc/systemd/system/somnus.service ]; then
    systemctl disable --now somnus.service
    rm -f /etc/systemd/system/somnus.service
    systemctl daemon-reload
  fi
  ! command -v somnus >/dev/null || somnus down
}

stop_daemons() {
  [ -e $PIDS ] || return 0
  local name pid
  while read -r name pid; do
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$name" ] && kill "$pid"
  done <$PIDS
  rm -rf /run/somnus /var/log/somnus
}

remove_packages() {
  local packages
  mapfile -t packages < <(sort -u $ETC/installed-packages 2>/dev/null)
  [ ${#packages[@]} -gt 0 ] || return 0
  DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq "${packages[@]}"
}

step "control plane" stop_control_plane
if [ $keep_data = no ]; then
  step "environments, networks, pool, images" node "$REPO/deploy/tear-down.ts" --all
else
  step "networks; VMs are switched off" node "$REPO/deploy/tear-down.ts" --keep-data
fi
step "daemons that the quickstart started" stop_daemons
[ $keep_packages = yes ] || step "Debian packages that it installed" remove_packages
step "the command, Node and the configuration" rm -rf /usr/local/bin/somnus $SOMNUS_LIB $ETC
say "Somnus is gone from this host; this folder and its node_modules are yours to delete."
