"""Names on which stores like to differ, and prefixes at the edges of ranges."""

NAMES = (
    # Wildcards, quotes and separators of query languages, paths and URLs.
    *"!\"#$%&'()*+,-./;<=?@[\\]^_`{|}~",
    # Control characters and white space, leading and trailing too.
    *("\0", "\1", "\t", "\n", "\r\n", " ", " a", "a ", "\x7f", "\x85", "\xa0", "\u2028"),
    # Names that start with each other, and colons.
    *("a", "a\0", "a!", "a:", "a:b", "a::", "aa", "ab", "abc", "b"),
    *(":", "::", "0", "00", "10", "9"),
    # Upper and lower case are different names.
    *("A", "B", "É", "é", "ß", "ss", "\u0131", "I", "i"),
    # So are composed and decomposed letters.
    *("e", "e\u0301", "\u00c5", "\u212b"),
    # The first and last of each length in UTF-8, and both sides of the surrogates.
    *("\x80", "\u07ff", "\u0800", "\ud7ff", "\ud7ffz", "\ue000", "\ufdd0"),
    # In UTF-16 code units U+10000 sorts before U+E000; in UTF-8 bytes behind U+FFFF.
    *("\uffff", "\uffffa", "\U00010000", "\U0001f600", "\U0010ffff"),
    # A prefix that ends in the last character has no next string of its own length.
    *("a\U0010ffff", "a\U0010ffffz", "\U0010ffff\U0010ffff", "\U0010ffffz"),
)
"""Different names, in no order."""

PREFIXES = ("", *NAMES, "c", "zz", "\ufffe", "\U0010fffe")
"""Every name as a prefix, and some that no name starts with."""


def in_byte_order(names: tuple[str, ...]) -> list[str]:
    """Return names in the order of a list: by the bytes of their UTF-8."""
    return sorted(names, key=str.encode)
