"""Makes a target of each client and example that is not in Python (``make lint`` and others).

Only clients have generated code.

A language whose tools are absent is named and passed over; in CI that is a failure.
"""

import subprocess
import sys

from tests.clients.languages import FOLDERS, ToolsAbsent, absence_is_a_failure


def main(target: str) -> int:
    """Make the target in each folder; return 1 where one has failed."""
    failed = 0
    for folder in FOLDERS:
        if target == "generate" and not folder.is_client:
            continue
        try:
            folder.make(target)
        except ToolsAbsent as problem:
            print(f"{'failed' if absence_is_a_failure() else 'passed over'}: {problem}")
            failed += absence_is_a_failure()
        except subprocess.CalledProcessError as problem:
            print(f"{problem.output}\nfailed: make -C {folder.path} {target}")
            failed += 1
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
