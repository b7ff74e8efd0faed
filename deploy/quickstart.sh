#!/usr/bin/env bash
# Takes a bare Debian to a running environment. Safe to run again, also after an interruption at any point.
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'TEXT'
usage: deploy/quickstart.sh [options]

  --data-dir DIR   data folder                       (default /var/lib/somnus)
  --port PORT      API port on 127.0.0.1             (default 7777)
  --pool-size GIB  size of the storage pool          (default: a third of the free space, at most 200)
  --no-demo        do not create the environment `demo`; skip the tour

Options are saved in /etc/somnus/somnus.yaml; you need not repeat them.
TEXT
}

wrong_usage() { printf 'error: %s\n' "$1" >&2; usage >&2; exit 2; }

data_dir='' port='' pool_size='' demo=yes
while [ $# -gt 0 ]; do
  case $1 in --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;; esac
  case $1 in --data-dir | --port | --pool-size) [ -n "${2:-}" ] || wrong_usage "$1 needs a value" ;; esac
  case $1 in
    --data-dir) data_dir=$2; shift ;;
    --port) port=$2; shift ;;
    --pool-size) pool_size=$2; shift ;;
    --no-demo) demo=no ;;
    -h | --help) usage; exit 0 ;;
    *) wrong_usage "unknown option: $1" ;;
  esac
  shift
done
is_number() { [[ $1 =~ ^[1-9][0-9]{0,8}$ ]]; }
[[ $data_dir =~ ^(/[A-Za-z0-9._/-]+)?$ ]] || wrong_usage "--data-dir must be an absolute path without spaces or special characters, not $data_dir"
[ ${#data_dir} -le 80 ] || wrong_usage "--data-dir must be at most 80 characters long, because socket paths below it are limited"
[ -z "$port" ] || { is_number "$port" && [ "$port" -le 65535 ]; } || wrong_usage "--port must be a number up to 65535, not $port"
[ -z "$pool_size" ] || { is_number "$pool_size" && [ "$pool_size" -ge 4 ]; } || wrong_usage "--pool-size must be a number of GiB, at least 4, not $pool_size"

require_debian_root "$@"
lock_setup

# Prints one value of the JSON on standard input.
field() { node -p "JSON.parse(require('node:fs').readFileSync(0)).$1"; }

# The key file belongs to the user who called sudo.
user_key_file() {
  local home
  home=$(getent passwd "${SUDO_USER:-$(id -un)}" | cut -d: -f6)
  printf '%s/.config/somnus/key\n' "${home:-/root}"
}

# Sets each key at the first run, and again when its option is given. An existing pool keeps its size and place.
write_config() {
  mkdir -p "$(dirname $CONFIG)"
  cd "$REPO"
  node - "$CONFIG" "$data_dir" "$port" "$pool_size" "$(user_key_file)" <<'JS'
const [file, dataDir, port, poolSize, keyFile] = process.argv.slice(2);
const fs = require('node:fs');
const { parseDocument } = require('yaml');
const known = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
const document = parseDocument(known || '# Settings of Somnus on this host. All keys with their defaults: common/config.ts\n');
const refuse = (message) => { console.error(message); process.exit(1); };
if (document.errors.length > 0) refuse(`${file} is not valid YAML: ${document.errors[0].message}`);
const before = document.getIn(['dataDir']) ?? '/var/lib/somnus';
if (dataDir !== '' && known !== '' && dataDir !== before && fs.existsSync(`${before}/somnus.db`)) refuse(`Somnus keeps its data in ${before}. To move it, run deploy/uninstall.sh --keep-data, move the folder, and run this again.`);
if (poolSize !== '' && fs.existsSync(`${dataDir || before}/pool.xfs`) && Number(poolSize) !== document.getIn(['pool', 'sizeGiB'])) refuse('The pool already exists; to enlarge it, run somnus pool grow SIZE.');
const set = (path, value) => { if (value !== '') document.setIn(path, value); };
set(['dataDir'], dataDir);
set(['api', 'port'], port && Number(port));
set(['pool', 'sizeGiB'], poolSize && Number(poolSize));
if (!document.hasIn(['api', 'keyFile'])) set(['api', 'keyFile'], keyFile);
const wanted = String(document);
if (wanted === known) process.exit(0);
fs.writeFileSync(`${file}.new`, wanted);
fs.renameSync(`${file}.new`, file);
JS
}

# Writes standard input to the path $1 with the mode $2; does not touch a file that already has this content.
place() {
  cat >"$1.new"
  if cmp -s "$1.new" "$1"; then rm "$1.new"; else chmod "$2" "$1.new"; mv "$1.new" "$1"; fi
}

install_launcher() {
  mkdir -p "$(dirname $LAUNCHER)"
  place $LAUNCHER 755 <<SH
#!/bin/sh
# The somnus command, installed by deploy/quickstart.sh.
PATH=\$PATH:/usr/local/sbin:/usr/sbin:/sbin
# Node caches compiled code here: the command starts in half the time.
NODE_COMPILE_CACHE=\${NODE_COMPILE_CACHE-\${XDG_CACHE_HOME:-\${HOME:-/root}/.cache}/somnus}
export PATH NODE_COMPILE_CACHE
exec '$(command -v node)' '$REPO/orchestrator/cli/main.ts' "\$@"
SH
}

configure() { write_config; install_launcher; }

# Whether the running control plane is older than the configuration, the programs, the embedding model or the npm packages.
control_plane_is_outdated() {
  local run_file=$DATA_DIR/run/control-plane.json parts=("$CONFIG" "$LAUNCHER" agent common images orchestrator supervisor node_modules/.somnus-lock)
  [ ! -d "$DATA_DIR/models" ] || parts+=("$DATA_DIR/models")
  [ -e "$run_file" ] || return 1
  [ -n "$(cd "$REPO" && find "${parts[@]}" -type f -newer "$run_file" -print -quit)" ]
}

# Without the model memory searches by words only, so a failed download does not fail set-up.
fetch_model() {
  NODE_USE_ENV_PROXY=1 node "$REPO/common/embedding/fetch-model.ts" 2>"$SCRATCH/model" ||
    say "The embedding model could not be installed, so memory searches by words only: $(tail -n 1 "$SCRATCH/model")" \
      "Run this again to retry; models.embeddingUrl in $CONFIG can name a mirror, models.embeddingDir a folder." >"$SCRATCH/no-model"
}

# VMs keep running while the control plane restarts.
start_control_plane() {
  if has_systemd; then
    sed "s|@NODE@|$(command -v node)|; s|@REPO@|$REPO|; s|@DATA_DIR@|$DATA_DIR|; s|@PORT@|$PORT|" "$REPO/deploy/systemd/somnus.service" | place $UNIT 644
    systemctl daemon-reload
    systemctl enable somnus.service
  fi
  if control_plane_is_outdated; then somnus down; fi
  somnus up 9>&-
}

build_image() { node "$REPO/images/build-guest.ts"; }

# shellcheck disable=SC2016  # expanded by the guest's shell
tour() {
  local started=$SECONDS
  run() { printf '\n$ somnus %s\n' "${*@Q}" | sed "s/'\([A-Za-z0-9_.\/-]*\)'/\1/g"; somnus "$@"; }
  say "" "A short tour of \`demo\`:"
  run exec demo -- uname -sr
  run exec demo -- sh -c 'echo "written at $(date +%T)" > hello.txt; cat hello.txt'
  run exec demo -- sh -c 'setsid sh -c "while sleep 1; do date +%T >> ticks.txt; done" >/dev/null 2>&1 & echo "a program runs in the background"'
  run suspend demo
  run resume demo
  run hibernate demo
  run wake demo
  run exec demo -- sh -c 'echo "the program still runs ($(pgrep -fc "[w]hile sleep 1")) and has ticked $(wc -l < ticks.txt) times"'
  run snapshot create demo before-the-accident
  run exec demo -- sh -c 'rm -rf /root/*; pkill -f "[w]hile sleep 1"; echo "files left: $(ls /root | wc -l), programs: $(pgrep -fc "[w]hile sleep 1")"'
  run snapshot restore demo before-the-accident
  run exec demo -- sh -c 'cat hello.txt; echo "programs: $(pgrep -fc "[w]hile sleep 1"), ticked $(wc -l < ticks.txt) times"'
  run stop demo
  run start demo
  run exec demo -- sh -c 'cat hello.txt; uptime'
  say "" "The tour took $((SECONDS - started)) s. The file still exists; the program ended when the VM was stopped."
}

# Gets the demo running from whatever state it is in; runs the tour when it is new.
bring_up_demo() {
  local demo operation
  if ! demo=$(somnus show demo -o json 2>/dev/null); then
    somnus create demo --profile idle
    tour
    return
  fi
  operation=$(field operationId <<<"$demo")
  if [ "$operation" != null ]; then
    somnus op wait "$operation" || true   # from an earlier run that was interrupted
    demo=$(somnus show demo -o json) || { bring_up_demo; return; }
  fi
  case $(field state <<<"$demo") in
    running) ;;
    removed) say "The environment demo is removed; to restore it, run somnus undelete demo"; return ;;
    hibernated) somnus wake demo ;;
    suspended) somnus resume demo ;;
    *) somnus start demo ;;
  esac
  say "The environment demo is running"
}

say "Setting up Somnus"
prepare_host "${PACKAGES[@]}"
step "configuration and the somnus command" configure
read_config
begin "guest image" build_image
begin "embedding model" fetch_model
finish_services
finish "embedding model"
[ ! -e "$SCRATCH/no-model" ] || sed 's/^/    /' "$SCRATCH/no-model"
step "control plane" start_control_plane
finish "guest image"
somnus image build
[ $demo = no ] || bring_up_demo

host=$(somnus status -o json)
api=$(field url <<<"$host")
cat <<TEXT

Somnus is ready after $((SECONDS - STARTED)) s.
  API   $api   (documentation: $api/docs)
  key   $SOMNUS_KEY_FILE

Next steps:
  somnus create mine            create an environment
  somnus sh mine                open a shell in it
  somnus --help                 list all commands
TEXT
