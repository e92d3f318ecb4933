"""What is installed beside the sidecar; looking for it imports none of it."""


def has_grpcio() -> bool:
    """Return whether grpcio is installed, as it is not in the self-contained program."""
    # Nearly no sidecar asks.
    from importlib.util import find_spec

    return find_spec("grpc") is not None
