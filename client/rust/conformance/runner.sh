#!/bin/sh
# The conformance runner, which `make runner` puts beside what is built. It plays and counts as
# the tests are built. It measures as users build, optimised: the first who does builds that.
set -e
here=$(dirname "$(readlink -f "$0")")
if [ "$1" = overhead ]; then
    shift
    env -u MAKEFLAGS make --no-print-directory -C "$here/../../../client/rust" overhead >&2
    exec "$here/target/release/overhead" "$@"
fi
exec "$here/target/debug/player" "$@"
