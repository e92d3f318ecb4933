"""HPACK, the header compression of HTTP/2 (RFC 7541), in pure Python and without I/O.

`Decoder` is one connection's decoding state; `encode_fields` writes header blocks that need none.
"""

from pannier_server.transport.h2.hpack.decoder import Decoder, HeaderBlock
from pannier_server.transport.h2.hpack.encoder import encode_fields
from pannier_server.transport.h2.hpack.errors import HeaderListTooLarge, HpackError
from pannier_server.transport.h2.hpack.fields import Field

__all__ = [
    "Decoder",
    "Field",
    "HeaderBlock",
    "HeaderListTooLarge",
    "HpackError",
    "encode_fields",
]
