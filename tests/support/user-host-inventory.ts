// Everything on a host that its user would miss or notice: packages, files, accounts, firewall, forwarding, links, routes, mounts, Docker's and libvirt's objects.
// A shell script, because it runs on a host that has only Debian's essential packages.

/** Where packages, their tools and this repository keep files that are not the user's. */
const ELSEWHERE = ['/proc', '/sys', '/dev', '/run', '/tmp', '/opt/somnus', '/var/lib/dpkg', '/var/lib/apt', '/var/cache', '/var/log', '/var/lib/systemd', '/var/lib/ucf', '/var/lib/pam',
  // What systemd, D-Bus and polkit create when they are installed, and leave behind.
  '/var/lib/dbus/machine-id', '/var/lib/machines', '/var/lib/portables', '/usr/share/polkit-1/rules.d'];

export const inventoryScript = `
section() { printf '== %s\\n' "$1"; }
section packages; dpkg-query -W -f='\${Package} \${Version} \${db:Status-Abbrev}\\n' | sort
section files
find / -xdev \\( ${ELSEWHERE.map((path) => `-path ${path}`).join(' -o ')} -o -name __pycache__ -o -path '/etc/passwd-' -o -path '/etc/group-' -o -path '/etc/*shadow-' \\) -prune -o -printf '%y %m %u:%g %p %l\\n' | sort -k 4
section accounts; for database in passwd group; do getent $database | awk -F: '$3 < 100 || $3 >= 1000'; done # Debian's packages never remove their own
section contents; find /etc /root /home /srv -xdev -type f ! -name '*.pyc' ! -name ld.so.cache ! -name '*-' ! -path '/etc/g*shadow' ! -path /etc/shadow ! -path /etc/passwd ! -path /etc/group -exec sha256sum {} + | sort -k 2
section firewall; if command -v iptables-save >/dev/null; then for save in iptables-save ip6tables-save; do $save | sed -E 's/\\[[0-9:]+\\]//; /^#/d'; done; fi
section nftables; if command -v nft >/dev/null; then nft --stateless list ruleset 2>/dev/null | sed -zE 's/\\tchain [A-Z]+ [{]\\n\\t\\ttype [^\\n]* policy accept;\\n\\t[}]\\n//g' | grep . || true; fi # a chain of iptables without rules is one that is not there
section forwarding; for file in /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/forwarding; do echo "$file $(cat "$file")"; done
section network; for link in /sys/class/net/*; do echo "$(basename "$link") $(cat "$link/address")"; done; cat /proc/net/route
section mounts; cut -d ' ' -f 4,5 /proc/self/mountinfo | sort
section docker; if command -v docker >/dev/null; then for what in 'ps -a' images 'volume ls' 'network ls'; do docker $what --format '{{json .}}' 2>&1 | sed -E 's/"(RunningFor|CreatedAt|CreatedSince|Status)":"[^"]*",?//g'; done; fi
section libvirt; if command -v virsh >/dev/null; then virsh net-list --all; virsh list --all; fi
section programs; for pid in /proc/[0-9]*; do tr '\\0' ' ' <$pid/cmdline; echo; done 2>/dev/null | grep -E '^(tini|[^ ]*(dockerd|libvirtd|virtlogd|redis|node)) ' | sed 's/ .*//' | sort || true
`;
