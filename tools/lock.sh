#!/bin/sh
# Writes the lock files anew: requirements/*.txt, tools/package-lock.json and the go.sum of
# tools/go, tools/compose and tools/peers. They pin versions by hash and name no package
# registry, so each machine uses its own.
# Arguments go to pip-compile, for instance --upgrade.
set -eu
cd "$(dirname "$0")/.."

# The oldest Python that the project supports needs the most packages.
.venv/bin/python -c '
import sys
if sys.version_info[:2] != (3, 11):
    sys.exit("Lock with the oldest supported Python: make clean, then make lock PYTHON=python3.11")
'

export CUSTOM_COMPILE_COMMAND="make lock"
for name in build runtime otel dev bench ministack audit bundle deploy docs; do
    .venv/bin/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe \
        --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
        --output-file="requirements/$name.txt" "$@" "requirements/$name.in"
done
npm --prefix tools install --package-lock-only --omit-lockfile-registry-resolved \
    --no-audit --no-fund --loglevel=error >/dev/null
go -C tools/go mod tidy
go -C tools/compose mod tidy
go -C tools/peers mod tidy
