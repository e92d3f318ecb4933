#!/bin/sh
# Makes an image that stands in for python:3.13-slim, where no registry of images can be
# reached: Debian with its own Python 3.13, and pip, at the places of the original.
# Usage: base_image.sh NAME, as root, in the checkout.
set -eu
name=$1

container=$(buildah from scratch)
trap 'buildah rm "$container" >/dev/null' EXIT
root=$(buildah mount "$container")
tools/debian_root.sh trixie "$root" ca-certificates python3 python3-venv

# As in the original: nothing of this machine, no documentation, no package lists, a Python that
# pip may change.
rm -rf "$root"/etc/apt/apt.conf.d/99machine "$root"/etc/resolv.conf "$root"/dev/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* \
    "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/* \
    "$root"/usr/lib/python3.13/EXTERNALLY-MANAGED
python3 -m zipfile -e "$root"/usr/share/python-wheels/pip-*.whl \
    "$root"/usr/local/lib/python3.13/dist-packages
# For the build to mount the machine's settings over, without a trace in the image.
: >"$root"/etc/pip.conf
ln -s /usr/bin/python3.13 "$root"/usr/local/bin/python
ln -s /usr/bin/python3.13 "$root"/usr/local/bin/python3

buildah config --cmd python3 \
    --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
buildah commit --quiet "$container" "$name"
