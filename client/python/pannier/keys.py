"""Keys and prefixes: ``owner:name``, split at the first colon.

Build them with `key` and `prefix` rather than with string formatting. Formatting an
owner that holds a colon, such as ``a:b``, makes a key of the owner ``a``.
"""

MAX_OWNER_BYTES = 2_042
"""The most UTF-8 bytes of an owner: DynamoDB's partition key less a row's prefix."""

MAX_NAME_BYTES = 1_019
"""The most UTF-8 bytes of a name: DynamoDB's sort key less a row's prefix."""


def key(owner: str, name: str) -> str:
    """Return the key of an owner's record.

    Args:
        owner: Whose record it is: 1 to 2,042 UTF-8 bytes without a colon.
        name: Its name there: 1 to 1,019 UTF-8 bytes; colons are allowed.

    Raises:
        ValueError: A part is empty, too long or no valid text, or the owner has a colon.

    Example:
        >>> pannier.key("alice", "task:42")
        'alice:task:42'
        >>> pannier.key("alice:bob", "42")
        Traceback (most recent call last):
        ValueError: the owner must not contain a colon: it ends where the name begins
    """
    _check_owner(owner)
    _check_size("name", name, MAX_NAME_BYTES)
    if not name:
        raise ValueError("the name must not be empty")
    return f"{owner}:{name}"


def prefix(owner: str, name_start: str = "") -> str:
    """Return the prefix of an owner's records whose names start with ``name_start``.

    Args:
        owner: Whose records: 1 to 2,042 UTF-8 bytes without a colon.
        name_start: How their names start: up to 1,019 UTF-8 bytes; empty for all.

    Raises:
        ValueError: As for `key`, but ``name_start`` may be empty.

    Example:
        >>> pannier.prefix("alice", "task:")
        'alice:task:'
        >>> pannier.prefix("alice")
        'alice:'
    """
    _check_owner(owner)
    _check_size("name_start", name_start, MAX_NAME_BYTES)
    return f"{owner}:{name_start}"


def _check_owner(owner: str) -> None:
    _check_size("owner", owner, MAX_OWNER_BYTES)
    if not owner:
        raise ValueError("the owner must not be empty")
    if ":" in owner:
        raise ValueError("the owner must not contain a colon: it ends where the name begins")


def _check_size(part: str, text: str, limit: int) -> None:
    if not isinstance(text, str):
        raise TypeError(f"the {part} must be a str, not {type(text).__name__}")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise ValueError(
            f"the {part} holds half of a surrogate pair, which UTF-8 cannot encode"
        ) from None
    if size > limit:
        raise ValueError(f"the {part} has {size:,} UTF-8 bytes, the limit is {limit:,}")
