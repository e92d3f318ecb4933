"""What generated code asks of grpcio when it is loaded."""


def first_version_is_lower(_: str, __: str) -> bool:
    """Return that the version is new enough."""
    return False
