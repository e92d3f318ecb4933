"""The line on standard output that says where a sidecar listens."""


def announce_line(line: str) -> None:
    """Print a line in one piece: logs are written meanwhile, often to the same place."""
    print(f"{line}\n", end="", flush=True)
