"""Certificates for tests of TLS, as files and as gRPC's credentials."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import grpc
import trustme

from pannier_server.config import Settings


class Certificates:
    """A server's certificate and its authority, and the authority of the clients.

    Attributes:
        cert: The file with the server's certificate for 127.0.0.1.
        key: The file with its private key.
        server_ca: The file with the authority that clients trust.
        client_ca: The file with the authority whose certificates clients show.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = trustme.CA()
        self._clients_authority = trustme.CA()
        server = self._authority.issue_cert("127.0.0.1", "localhost")
        self.cert = self.write("server.pem", joined(server.cert_chain_pems))
        self.key = self.write("server.key", server.private_key_pem.bytes())
        self.server_ca = self.write("server-ca.pem", self._authority.cert_pem.bytes())
        self.client_ca = self.write("client-ca.pem", self._clients_authority.cert_pem.bytes())

    def write(self, name: str, content: bytes) -> str:
        """Write a file, and return its path."""
        path = self._folder / name
        path.write_bytes(content)
        return str(path)

    def secure(self, settings: Settings, *, mutual: bool = False) -> Settings:
        """Return settings with TLS; a mutual one wants clients' certificates."""
        client_ca = self.client_ca if mutual else None
        return replace(settings, tls_cert=self.cert, tls_key=self.key, tls_client_ca=client_ca)

    def stranger(self) -> grpc.ChannelCredentials:
        """Return the credentials of a client that shows no certificate."""
        return grpc.ssl_channel_credentials(self._authority.cert_pem.bytes())

    def client(self, authority: trustme.CA | None = None) -> grpc.ChannelCredentials:
        """Return the credentials of a client whose certificate an authority has signed.

        Args:
            authority: Which; by default the one that the server asks for.
        """
        own = (authority or self._clients_authority).issue_cert("client@example.org")
        return grpc.ssl_channel_credentials(
            self._authority.cert_pem.bytes(),
            own.private_key_pem.bytes(),
            joined(own.cert_chain_pems),
        )

    def intermediate(self) -> trustme.CA:
        """Return an authority below that of the clients."""
        return self._clients_authority.create_child_ca()


def joined(parts: Iterable[trustme.Blob]) -> bytes:
    return b"".join(part.bytes() for part in parts)
