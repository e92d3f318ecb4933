"""gRPC over HTTP/2 without I/O: heads, messages, statuses.

The rules are those of "gRPC over HTTP2" (PROTOCOL-HTTP2.md in the grpc repository).
"""
