"""What the self-contained program runs: the command, or what was started without one."""

import os
import sys


def main() -> int:
    """Run what the arguments ask for, and return the exit code."""
    if sys.argv[1:] == ["-m", "pannier_server.worker"]:
        # The supervisor starts its workers with the program that it runs in.
        from pannier_server.worker import main as run_worker

        return run_worker()
    if len(sys.argv) == 1 and "AWS_LAMBDA_RUNTIME_API" in os.environ:
        # Lambda starts what is in /opt/extensions without arguments.
        from pannier_server.extension.run import run as run_extension

        return run_extension(os.path.basename(sys.argv[0]))  # noqa: PTH119 (pathlib takes 5 ms)
    from pannier_server.cli import main as run_command

    return run_command()


if __name__ == "__main__":
    sys.exit(main())
