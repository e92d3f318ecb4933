"""Writes docs/reference, or with ``--check`` fails where that would change a page."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PLACE = Path("docs/reference")

# Defaults that depend on the user are those of the first user of most machines.
os.environ["XDG_RUNTIME_DIR"] = "/run/user/1000"


def pages() -> Mapping[str, str]:
    """Return each page by the name of its file."""
    from pannier_server.cli.entry import build_parser
    from tools.reference.commands import commands_page
    from tools.reference.contract import contract_page
    from tools.reference.settings import settings_page

    return {
        "contract.md": contract_page(CHECKOUT / "protos"),
        "settings.md": settings_page(),
        "commands.md": commands_page(build_parser()),
    }


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or check them; return the exit code."""
    changed = [
        name
        for name, text in pages().items()
        if not (CHECKOUT / PLACE / name).exists() or (CHECKOUT / PLACE / name).read_text() != text
    ]
    if "--check" in arguments:
        for name in changed:
            print(f"{PLACE / name} is not up to date; run `make docs`")
        return int(bool(changed))
    for name, text in pages().items():
        (CHECKOUT / PLACE / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
