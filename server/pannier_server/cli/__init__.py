"""The command ``pannier``."""

from pannier_server.cli.entry import main

__all__ = ["main"]
