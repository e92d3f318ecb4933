#!/bin/sh
# Prints the command of a Python 3.11 or newer that can make virtual environments.
# Where there is none it says on standard error what to install, and exits with 1.
# PYTHON in the environment names the one to use instead of searching.

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

makes_environments() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    set -- "$PYTHON"
else
    set -- python3.13 python3.12 python3.11 python3
fi

without_venv=
for python in "$@"; do
    is_new_enough "$python" || continue
    if makes_environments "$python"; then
        printf '%s\n' "$python"
        exit 0
    fi
    without_venv=$python
done

if [ -n "$without_venv" ]; then
    echo "$without_venv cannot make virtual environments. Install its venv module" \
        "(Debian and Ubuntu: apt install python3-venv)." >&2
else
    echo "Python 3.11 or newer is needed, tried: $*." \
        "Install it, or name yours: make PYTHON=/path/to/python3" >&2
fi
exit 1
