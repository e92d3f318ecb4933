"""What the self-contained program runs: the command, or what was started without one."""

import os
import sys

# They are clients, and so need grpcio's core, which `without_core` says more about.
_CLIENTS = {"get", "put", "ls", "rm", "cleanup", "doctor"}
_WHERE = "the package pannier-server, which pip installs, has it"


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
    if refusal := _refusal(sys.argv[1:]):
        print(f"pannier: {refusal}", file=sys.stderr)
        return 2
    from pannier_server.cli import main as run_command

    return run_command()


def _refusal(arguments: list[str]) -> str:
    """Return why this program cannot do what it is asked for; empty where it can."""
    asks_for_core = "grpcio" in arguments or "--transport=grpcio" in arguments
    if not asks_for_core and os.environ.get("PANNIER_TRANSPORT") != "grpcio":
        if not arguments or arguments[0] not in _CLIENTS:
            return ""
        return f"the self-contained program has no `{arguments[0]}`; {_WHERE}"
    return f"the self-contained program has no transport grpcio; use h2, or {_WHERE}"


if __name__ == "__main__":
    sys.exit(main())
