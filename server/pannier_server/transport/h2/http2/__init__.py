"""HTTP/2 (RFC 9113), the server's side, without I/O: bytes in, bytes and calls out."""
