"""gRPC over HTTP/2 on asyncio, in pure Python.

- `hpack`: header compression (RFC 7541).
- `http2`: frames, streams, flow control (RFC 9113). No I/O.
- `wire`: gRPC's heads, messages and statuses. No I/O.
- `serving`: connections, calls and their handlers on asyncio.

It knows nothing of storage, and does not import grpc: the handlers that generated code
registers are used for what they have, not for what they are.
"""

from pannier_server.transport.h2.limits import Limits
from pannier_server.transport.h2.meters import Meters
from pannier_server.transport.h2.serving.server import Server

__all__ = ["Limits", "Meters", "Server"]
