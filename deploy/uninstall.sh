#!/usr/bin/env bash
# Uninstalls Somnus from this host; asks before deleting environments.
set -euo pipefail
# shellcheck source=deploy/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'TEXT'
usage: deploy/uninstall.sh [options]

  --yes              delete environments without asking
  --keep-data        keep the data folder with all environments for a later quickstart
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
    *) printf 'error: unknown option: %s\n' "$1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done

require_debian_root "$@"
lock_setup
exists_any() { local path; for path in "$@"; do [ ! -e "$path" ] || return 0; done; return 1; }

# A set-up that ended early, or one for tests only, leaves no configuration: then only packages, Node and daemons are removed.
data=no
if exists_any $CONFIG $LAUNCHER /var/lib/somnus /var/cache/somnus; then
  data=yes
  if ! use_node || [ ! -d "$REPO/node_modules/yaml" ]; then
    fail "uninstalling needs Node and the npm packages, and they are missing" "Run deploy/quickstart.sh --no-demo first: it installs what is missing."
  fi
  read_config
elif ! exists_any "$(dirname $RECORD)" $SOMNUS_LIB $DAEMONS; then
  say "Somnus is not installed on this host."
  rm -f /run/somnus-setup.lock
  exit 0
fi

confirm() { # confirm QUESTION
  [ $yes = no ] || return 0
  [ -t 0 ] || fail "uninstalling needs a confirmation" "Run this in a terminal, or with --yes."
  local answer
  read -r -p "$1 [type yes] " answer
  [ "$answer" = yes ]
}

if [ $data = yes ] && [ $keep_data = no ]; then
  say "These environments will be permanently deleted:"
  node "$REPO/deploy/tear-down.ts" --list
  confirm "Delete them and all other data of Somnus?" || { say "Nothing was changed."; exit 1; }
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

# Prints the packages that set-up installed and that nothing else needs now: apt decides, as if they had been installed as dependencies.
unneeded_packages() {
  local -a ours
  record_packages
  mapfile -t ours < <(installed_packages | comm -12 - $RECORD)
  [ ${#ours[@]} -gt 0 ] || return 0
  apt-mark auto "${ours[@]}" >/dev/null
  apt-get -s -o APT::AutoRemove::RecommendsImportant=false -o APT::AutoRemove::SuggestsImportant=false autoremove |
    awk '/^Remv /{print $2}' | sort -u | comm -12 - $RECORD
}

# Reverts Docker's network changes, unless Docker runs or ran before set-up.
restore_network() {
  if is_ours docker.io && grep -qx docker.io "$SCRATCH/unneeded" && has_systemd; then systemctl disable --now docker.service docker.socket; fi
  [ -d $BEFORE ] && [ ! -e $BEFORE/docker-ran ] || return 0
  ! docker_runs || return 0
  if ! use_node; then say "Docker's firewall rules stay until this host reboots: removing them needs Node" >>"$SCRATCH/notices"; return 0; fi
  node "$REPO/deploy/restore-host.ts" $BEFORE
  # Unmounts only Docker's own mounts: a disk of the user may be mounted below them.
  if grep -qx docker.io "$SCRATCH/unneeded" && [ -e $BEFORE/docker-mounts ]; then
    while [ "$(docker_mounts)" -gt "$(cat $BEFORE/docker-mounts)" ]; do umount /var/lib/docker; done
  fi
}

remove_packages() {
  local -a unneeded
  mapfile -t unneeded <"$SCRATCH/unneeded"
  [ ${#unneeded[@]} -gt 0 ] || return 0
  apt_get remove -y "${unneeded[@]}"
  # Removing docker.io leaves this script behind: purging the package would run it and delete all of /var/lib/docker, including the user's volumes.
  rm -f /var/lib/docker/nuke-graph-directory.sh
  apt_get purge -y "${unneeded[@]}"
  command -v dockerd >/dev/null || ! is_ours docker.io || rm -rf /run/docker /run/docker.* /run/containerd
  command -v libvirtd >/dev/null || rm -rf /run/libvirt
  restore_host_folders
  remove_package_leftovers
  unload_profiles
}

is_in_use() { case $1 in *libvirt*) command -v libvirtd ;; *cni* | *containerd*) command -v containerd ;; *) command -v dockerd ;; esac >/dev/null; }   # is_in_use FOLDER of HOST_FOLDERS

# Restores Docker's and libvirt's folders. Deletes a folder that came with set-up only when everything in it did; a folder that holds anything of the user stays as a whole.
restore_host_folders() {
  [ -d $BEFORE ] || return 0
  local folder path mode owner
  for folder in "${HOST_FOLDERS[@]}"; do
    if is_in_use "$folder" || [ ! -d "$folder" ]; then continue; fi
    if [ ! -e $MADE ]; then
      existed_before "$folder" || echo "$folder was kept: set-up was interrupted before it could record what it had created there" >>"$SCRATCH/notices"
    elif existed_before "$folder"; then
      while read -r path; do
        [ ! -d "$path" ] || [ -L "$path" ] || rmdir --ignore-fail-on-non-empty "$path"
      done < <(grep "^$folder/" $MADE | sort -r)
    elif find "$folder" -xdev | grep -qvxFf $MADE; then
      echo "$folder was kept: it holds files that set-up did not create" >>"$SCRATCH/notices"
    else
      find "$folder" -xdev -depth -delete
    fi
  done
  while read -r mode owner folder; do
    if is_in_use "$folder"; then continue; fi
    if [ ! -e "$folder" ]; then
      mkdir "$folder"   # it existed empty, and was removed with a package
    elif ! stat -c '%a %u:%g %n' "$folder" | grep -qxFf - $MADE.folders 2>/dev/null; then
      continue          # its mode is unchanged, or was changed by something else
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

# Removes what the command keeps in the home folders of root and of the user who called sudo, and folders that are then empty.
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
  step "networks and mounts; powering off VMs" node "$REPO/deploy/tear-down.ts" --keep-data
fi
step "daemons started by the quickstart" stop_daemons
if [ $keep_packages = no ]; then
  unneeded_packages >"$SCRATCH/unneeded"
  step "Docker's network" restore_network
  step "Debian packages from the quickstart" remove_packages
  [ ! -e "$SCRATCH/notices" ] || sed 's/^/    /' "$SCRATCH/notices"
fi
[ $keep_data = yes ] || rm -f "${SOMNUS_KEY_FILE:-}"
step "somnus command, Node and configuration" rm -rf $LAUNCHER $SOMNUS_LIB/{node,node.new,npm-cache,chroma,models} $CONFIG $DAEMONS $LOGS/{virtlogd,libvirtd,dockerd}.log
remove_user_traces
# When the packages stay, the record of the host stays too, for the uninstall after the next quickstart.
[ $keep_packages = yes ] || rm -rf $RECORD $RECORD.{before,new} $BEFORE $BEFORE.new $MADE $MADE.{new,folders} /etc/somnus/ip_forward.before
rmdir $SOMNUS_LIB $LOGS "$(dirname $DAEMONS)" "$(dirname $RECORD)" 2>/dev/null || true
rm -f /run/somnus-setup.lock
rmdir /var/cache/somnus 2>/dev/null || true
[ $keep_data = no ] || say "The environments are in $DATA_DIR; to use them again, run deploy/quickstart.sh --data-dir $DATA_DIR."
say "Somnus was uninstalled from this host. You can delete this folder and its node_modules."
