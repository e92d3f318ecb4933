"""What can be wrong with a header block."""


class HpackError(Exception):
    """A header block that can't be decoded.

    The dynamic table is out of step from here on: the connection must end with COMPRESSION_ERROR
    (RFC 9113, section 4.3).
    """


class HeaderListTooLarge(Exception):
    """A valid header block whose list is larger than allowed.

    The dynamic table is in step, so the connection can go on (RFC 9113, section 10.5.1).
    """
