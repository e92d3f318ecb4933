#!/bin/sh
# Makes .venv with the two distributions of this checkout, what they need at run time and what
# builds them, as pinned in requirements/.
set -eu
cd "$(dirname "$0")/.."
place=$(pwd -P)

python=$(tools/find_python.sh)
echo "Setting up .venv with $("$python" --version) (up to a minute the first time)"
# An environment that was made elsewhere, or whose Python is gone, cannot be mended.
if [ "$(cat .venv/.runtime 2>/dev/null || echo "$place")" != "$place" ] ||
    ! .venv/bin/python -c '' 2>/dev/null; then
    "$python" -m venv --clear .venv
fi
rm -f .venv/.runtime

install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
}
install --require-hashes -r requirements/runtime.txt -r requirements/build.txt
install --no-deps --no-build-isolation -e client/python -e server
echo "$place" >.venv/.runtime
