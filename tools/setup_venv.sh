#!/bin/sh
# Makes .venv with what requirements/dev.txt pins and the two distributions of this checkout.
set -eu
cd "$(dirname "$0")/.."
place=$(pwd -P)

python=$(tools/find_python.sh)
echo "Setting up .venv with $("$python" --version) (a minute or two the first time)"
# An environment that was made elsewhere, or whose Python is gone, cannot be mended.
if [ "$(cat .venv/.ready 2>/dev/null || echo "$place")" != "$place" ] ||
    ! .venv/bin/python -c '' 2>/dev/null; then
    "$python" -m venv --clear .venv
fi
rm -f .venv/.ready

install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
}
install --require-hashes -r requirements/dev.txt
install --no-deps --no-build-isolation -e client/python -e server
echo "$place" >.venv/.ready
