#!/bin/sh
# Sees to it that the tools are there which the tests of `make ci` have from Debian: buildah
# builds the image without a daemon, debootstrap makes the base that stands in for the one of a
# registry, promtool tries out the alert rules.
# In CI (CI=true or PANNIER_REQUIRE_TOOLS=1) what is missing is installed, as root with apt-get.
# On a person's machine nothing is installed: the tests are skipped and say what they need.
set -eu
cd "$(dirname "$0")/.."
promtool=.cache/bin/promtool

missing=
for tool in buildah debootstrap; do
    command -v "$tool" >/dev/null || missing="$missing $tool"
done
[ -x "$promtool" ] || command -v promtool >/dev/null || needs_promtool=yes
[ -n "$missing${needs_promtool:-}" ] || exit 0

case "${CI:-} ${PANNIER_REQUIRE_TOOLS:-}" in
*true* | *1*) ;;
*) exit 0 ;;
esac
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "The longer tests need$missing${needs_promtool:+ promtool}: install them, or run CI as root on Debian or Ubuntu" >&2
    exit 1
fi
echo "Installing$missing${needs_promtool:+ promtool} with apt-get, once"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086 # several words
    apt-get install -qq --yes --no-install-recommends -o DPkg::Lock::Timeout=300 $missing >/dev/null
fi
if [ -n "${needs_promtool:-}" ]; then
    # Installed, the package would start a Prometheus: only its tool is taken out.
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    (cd "$folder" && apt-get download -qq -o APT::Sandbox::User=root prometheus)
    dpkg-deb --extract "$folder"/prometheus_*.deb "$folder"
    mkdir -p "${promtool%/*}"
    mv "$folder/usr/bin/promtool" "$promtool"
fi
