#!/usr/bin/env bash
# From a bare Debian to a running environment. Safe to run again, and after being interrupted anywhere.
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'TEXT'
usage: deploy/quickstart.sh [options]

  --data-dir DIR   where Somnus keeps everything        (default /var/lib/somnus)
  --port PORT      port of the API on 127.0.0.1          (default 7777)
  --pool-size GIB  size of the storage pool              (default: half of the free space, at most 200)
  --no-demo        do not make the environment `demo`, no tour
TEXT
}

data_dir='' port='' pool_size='' demo=yes
while [ $# -gt 0 ]; do
  case $1 in
    --data-dir | --port | --pool-size) [ $# -ge 2 ] || { usage >&2; exit 2; } ;;&
    --data-dir) data_dir=$2; shift 2 ;;
    --port) port=$2; shift 2 ;;
    --pool-size) pool_size=$2; shift 2 ;;
    --no-demo) demo=no; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
case $data_dir in '' | /*) ;; *) fail "--data-dir must be an absolute path, not $data_dir" ;; esac
for number in "$port" "$pool_size"; do
  case $number in *[!0-9]*) fail "$number is not a number" ;; esac
done

require_debian_root "$@"
ETC=/etc/somnus
PIDS=/run/somnus/daemons
user=${SUDO_USER:-$(id -un)}
user_home=$(getent passwd "$user" | cut -d: -f6)

write_config() {
  local config=$ETC/somnus.yaml
  mkdir -p $ETC
  [ -e "$config" ] || printf '# Somnus on this host. All keys with their defaults: common/config.ts\n' >"$config"
  # Each key is set once, at the first run or when it is given again.
  node - "$config" "$data_dir" "$port" "$pool_size" "$user_home/.config/somnus/key" <<'JS'
const [file, dataDir, port, poolSize, keyFile] = process.argv.slice(2);
const fs = require('node:fs');
const { parseDocument } = require('yaml');
const document = parseDocument(fs.readFileSync(file, 'utf8'));
const set = (path, value) => { if (value !== '') document.setIn(path, value); };
set(['dataDir'], dataDir);
set(['api', 'port'], port && Number(port));
set(['pool', 'sizeGiB'], poolSize && Number(poolSize));
if (!document.hasIn(['api', 'keyFile'])) set(['api', 'keyFile'], keyFile);
fs.writeFileSync(file, String(document));
JS
}

install_launcher() {
  mkdir -p /usr/local/bin
  cat >/usr/local/bin/somnus.new <<SH
#!/bin/sh
# Somnus's command; installed by deploy/quickstart.sh.
exec '$(command -v node)' '$REPO/orchestrator/cli/main.ts' "\$@"
SH
  chmod 755 /usr/local/bin/somnus.new
  mv /usr/local/bin/somnus.new /usr/local/bin/somnus
}

start_control_plane() {
  if has_systemd; then
    sed "s|@NODE@|$(command -v node)|; s|@REPO@|$REPO|" "$REPO/deploy/systemd/somnus.service" >/etc/systemd/system/somnus.service
    systemctl daemon-reload
    systemctl enable --now somnus.service
  fi
  somnus up
}

tour() {
  local started=$SECONDS
  run() { printf '\n$ %s\n' "$*"; "$@"; }
  say "" "A short tour of \`demo\`:"
  run somnus exec demo -- uname -sr
  run somnus exec demo -- sh -c 'echo "written on $(date -u +%F)" > /root/hello.txt; cat /root/hello.txt'
  run somnus exec demo -- sh -c 'setsid sh -c "while sleep 1; do date -u +%T >> /root/ticks; done" >/dev/null 2>&1 & echo "a program runs in the background"'
  run somnus suspend demo
  run somnus resume demo
  run somnus hibernate demo
  run somnus wake demo
  run somnus exec demo -- sh -c 'echo "still running: $(pgrep -fc "[w]hile sleep 1") program, $(wc -l < /root/ticks) ticks"'
  run somnus stop demo
  run somnus start demo
  run somnus exec demo -- cat /root/hello.txt
  say "" "The tour took $((SECONDS - started)) s."
}

say "Setting up Somnus"
step "Debian packages" install_packages $ETC/installed-packages "${PACKAGES[@]}"
step "Node $NODE_MAJOR" install_node $ETC/installed-packages
step "npm packages" install_npm_packages
step "configuration" write_config
step "libvirt and Docker" start_services $PIDS
step "the command somnus" install_launcher
step "control plane" start_control_plane
say "  guest image"
somnus image build
if [ $demo = yes ]; then
  if somnus show demo >/dev/null 2>&1; then
    say "  environment demo is there already"
    case $(somnus show demo -o json | node -p 'JSON.parse(require("node:fs").readFileSync(0)).state') in
      running) ;; hibernated) somnus wake demo ;; suspended) somnus resume demo ;; *) somnus start demo ;;
    esac
    run_tour=no
  else
    say "  environment demo"
    somnus create demo --profile idle
    run_tour=yes
  fi
  [ $run_tour = no ] || tour
fi

api=$(somnus status -o json | node -p 'JSON.parse(require("node:fs").readFileSync(0)).url')
key=$(somnus status -o json | node -p 'JSON.parse(require("node:fs").readFileSync(0)).keyFile')
cat <<TEXT

Somnus is ready after $((SECONDS - STARTED)) s.
  API   $api   (documentation: $api/docs)
  key   $key

What to do next:
  somnus create mine            a computer of your own
  somnus sh mine                a shell in it
  somnus --help                 all that there is
TEXT
