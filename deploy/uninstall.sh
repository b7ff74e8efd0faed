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

# Packages of ours that nothing else has come to need: apt decides, as if they had been installed as dependencies.
unneeded_packages() {
  local -a ours
  record_packages
  mapfile -t ours < <(installed_packages | comm -12 - $RECORD)
  [ ${#ours[@]} -gt 0 ] || return 0
  apt-mark auto "${ours[@]}" >/dev/null
  apt-get -s -o APT::AutoRemove::RecommendsImportant=false -o APT::AutoRemove::SuggestsImportant=false autoremove |
    awk '/^Remv /{print $2}' | sort -u | comm -12 - $RECORD
}

# A Docker that runs, or that ran before set-up, keeps its network.
restore_network() {
  if is_ours docker.io && grep -qx docker.io "$SCRATCH/unneeded" && has_systemd; then systemctl disable --now docker.service docker.socket; fi
  [ -d $BEFORE ] && [ ! -e $BEFORE/docker-ran ] || return 0
  ! docker_runs || return 0
  if ! use_node; then say "Docker's firewall rules stay until this host boots: taking them back needs Node" >>"$SCRATCH/notices"; return 0; fi
  node "$REPO/deploy/restore-host.ts" $BEFORE
  # Only Docker's own mounts: there may be a disk of the user's below.
  if grep -qx docker.io "$SCRATCH/unneeded" && [ -e $BEFORE/docker-mounts ]; then
    while [ "$(docker_mounts)" -gt "$(cat $BEFORE/docker-mounts)" ]; do umount /var/lib/docker; done
  fi
}

remove_packages() {
  local -a unneeded
  mapfile -t unneeded <"$SCRATCH/unneeded"
  [ ${#unneeded[@]} -gt 0 ] || return 0
  apt_get remove -y "${unneeded[@]}"
  # Left there by docker.io when it was removed: its purge would delete all of /var/lib/docker with it, the user's volumes included.
  rm -f /var/lib/docker/nuke-graph-directory.sh
  apt_get purge -y "${unneeded[@]}"
  command -v dockerd >/dev/null || ! is_ours docker.io || rm -rf /run/docker /run/docker.* /run/containerd
  command -v libvirtd >/dev/null || rm -rf /run/libvirt
  restore_host_folders
  remove_package_leftovers
  unload_profiles
}

is_in_use() { case $1 in *libvirt*) command -v libvirtd ;; *) command -v dockerd ;; esac >/dev/null; }   # is_in_use FOLDER of HOST_FOLDERS

# Docker's and libvirt's folders as they were. Of what came with set-up all goes when it holds nothing else; a folder with anything of the user's stays whole.
restore_host_folders() {
  [ -d $BEFORE ] && [ -e $MADE ] || return 0
  local folder path mode owner
  for folder in "${HOST_FOLDERS[@]}"; do
    if is_in_use "$folder" || [ ! -d "$folder" ]; then continue; fi
    if existed_before "$folder"; then
      while read -r path; do
        [ ! -d "$path" ] || [ -L "$path" ] || rmdir --ignore-fail-on-non-empty "$path"
      done < <(grep "^$folder/" $MADE | sort -r)
    elif find "$folder" -xdev | grep -qvxFf $MADE; then
      echo "$folder stays: it holds what did not come with set-up" >>"$SCRATCH/notices"
    else
      find "$folder" -xdev -depth -delete
    fi
  done
  while read -r mode owner folder; do
    if is_in_use "$folder"; then continue; fi
    if [ ! -e "$folder" ]; then
      mkdir "$folder"   # it was there empty, and went with a package
    elif ! stat -c '%a %u:%g %n' "$folder" | grep -qxFf - $MADE.folders 2>/dev/null; then
      continue          # its mode is as it was, or somebody else's
    fi
    chown "$owner" "$folder"
    chmod "$mode" "$folder"
  done <$BEFORE/folders
}

remove_package_leftovers() {
  [ -e $BEFORE/leftovers ] || return 0
  local path
  for path in "${PACKAGE_LEFTOVERS[@]}"; do
    if grep -qxF "$path" $BEFORE/leftovers || dpkg-query -S "$path" >/dev/null 2>&1; then continue; fi
    if [ -d "$path" ]; then rmdir --ignore-fail-on-non-empty "$path"; elif [ -f "$path" ] && [ ! -s "$path" ]; then rm "$path"; fi
  done
  for path in "${PACKAGE_FOLDERS[@]}"; do
    ! grep -qxF "$path" $BEFORE/leftovers || [ -e "$path" ] || mkdir -p "$path"
  done
}

# AppArmor profiles that came with the packages stay in the kernel when those are purged.
unload_profiles() {
  [ -s $BEFORE/apparmor-profiles ] || return 0
  local profile program
  while read -r profile program; do
    if command -v "$program" >/dev/null || grep -qxF "$profile" $BEFORE/apparmor-profiles || ! grep -qF "$profile (" /sys/kernel/security/apparmor/profiles; then continue; fi
    printf %s "$profile" >/sys/kernel/security/apparmor/.remove
  done <<'PROFILES'
docker-default dockerd
libvirtd libvirtd
virt-aa-helper libvirtd
PROFILES
}

# What the command keeps in the home folders of root and of who called sudo; folders that are empty then.
remove_user_traces() {
  local user home folder
  for user in root "${SUDO_USER:-root}"; do
    home=$(getent passwd "$user" | cut -d: -f6)
    [ -n "$home" ] || continue
    rm -rf "$home/.cache/somnus"
    rmdir "$home/.config/somnus" 2>/dev/null || true
    for folder in "$home"/.{config,cache,ssh}; do grep -qxF "$folder" $BEFORE/home-folders 2>/dev/null || rmdir "$folder" 2>/dev/null || true; done
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
  unneeded_packages >"$SCRATCH/unneeded"
  step "Docker's network" restore_network
  step "Debian packages that it installed" remove_packages
  [ ! -e "$SCRATCH/notices" ] || sed 's/^/    /' "$SCRATCH/notices"
fi
[ $keep_data = yes ] || rm -f "${SOMNUS_KEY_FILE:-}"
step "the command, Node and the configuration" rm -rf $LAUNCHER $SOMNUS_LIB/{node,node.new,npm-cache,chroma,models} $CONFIG $DAEMONS $LOGS/{virtlogd,libvirtd,dockerd}.log
remove_user_traces
# What was recorded of the host stays with the packages, for the uninstallation after the next quickstart.
[ $keep_packages = yes ] || rm -rf $RECORD $RECORD.{before,new} $BEFORE $BEFORE.new $MADE $MADE.{new,folders} /etc/somnus/ip_forward.before
rmdir $SOMNUS_LIB $LOGS "$(dirname $DAEMONS)" "$(dirname $RECORD)" 2>/dev/null || true
rm -f /run/somnus-setup.lock
rmdir /var/cache/somnus 2>/dev/null || true
[ $keep_data = no ] || say "The environments are in $DATA_DIR; deploy/quickstart.sh --data-dir $DATA_DIR takes them up again."
say "Somnus is gone from this host; this folder and its node_modules are yours to delete."
