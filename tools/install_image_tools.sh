#!/bin/sh
# Sees to it that the image can be built without a daemon, for the tests of `make ci`: buildah
# builds it, debootstrap makes the base that stands in for the one of a registry.
# In CI (CI=true or PANNIER_REQUIRE_TOOLS=1) what is missing is installed, as root with apt-get.
# On a person's machine nothing is installed: the tests are skipped and say what they need.
set -eu

missing=
for tool in buildah debootstrap; do
    command -v "$tool" >/dev/null || missing="$missing $tool"
done
[ -n "$missing" ] || exit 0

case "${CI:-} ${PANNIER_REQUIRE_TOOLS:-}" in
*true* | *1*) ;;
*) exit 0 ;;
esac
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests of the image need$missing: install them, or run CI as root on Debian or Ubuntu" >&2
    exit 1
fi
echo "Installing$missing with apt-get, once"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # several words
apt-get install -qq --yes --no-install-recommends -o DPkg::Lock::Timeout=300 $missing >/dev/null
