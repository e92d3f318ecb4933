"""The error for a setting that cannot be used."""


class SettingsError(Exception):
    """A wrong setting. The message is one line: where it stands, what is wrong, the fix."""

    def __init__(self, origin: str, problem: str) -> None:
        """Name where the setting stands (``--workers``) and what is wrong with it."""
        # A value may hold line breaks; the message must stay one line.
        super().__init__(" ".join(f"{origin}: {problem}".splitlines()))
