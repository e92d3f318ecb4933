#!/bin/sh
# Makes a folder with a small Debian and some packages in it, as the root of a chroot:
#   tools/debian_root.sh RELEASE DIRECTORY [PACKAGE...]
# Packages come from the mirror, and with the settings, that apt has on this machine. It needs
# root and debootstrap.
set -eu

if [ $# -lt 2 ]; then
    echo "usage: $0 RELEASE DIRECTORY [PACKAGE...]" >&2
    exit 2
fi
release=$1
root=$2
shift 2

command -v debootstrap >/dev/null || {
    echo "debootstrap makes Debian's root: apt install debootstrap" >&2
    exit 1
}
# Security updates have an archive of their own, which holds no whole release.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
if [ -z "$mirror" ]; then
    echo "apt knows no mirror of Debian: see /etc/apt/sources.list.d" >&2
    exit 1
fi
unshare --mount debootstrap --variant=minbase "$release" "$root" "$mirror" >"$root.log" || {
    tail -n 20 "$root.log" >&2
    exit 1
}
rm -f "$root.log"
[ $# -gt 0 ] || exit 0

apt-config dump Acquire >"$root/etc/apt/apt.conf.d/99machine"
# Nobody minds where a power cut spoils a root that can be made again.
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/99machine"
cp /etc/resolv.conf "$root/etc/resolv.conf"
# Java's package looks into /proc. What is mounted for a command is gone with it.
in_root() {
    DEBIAN_FRONTEND=noninteractive LC_ALL=C unshare --mount sh -c \
        'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" "$@" >/dev/null
}
in_root apt-get update -qq
in_root apt-get install -qq --yes --no-install-recommends "$@"
in_root apt-get clean
