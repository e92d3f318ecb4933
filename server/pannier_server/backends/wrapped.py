"""A backend around another one: what a wrapper has no say in goes straight through."""

from pannier_server.backends.contract import Call, StorageBackend


class WrappedBackend:
    """What all wrappers have in common; each adds the operations on records."""

    def __init__(self, backend: StorageBackend) -> None:
        """Take the backend."""
        self._backend = backend
        self.max_data_bytes = backend.max_data_bytes
        self.expiry_json_field = backend.expiry_json_field

    @property
    def description(self) -> str:
        """What and where the store is."""
        return self._backend.description

    async def open(self) -> None:
        """Open the backend."""
        await self._backend.open()

    async def close(self) -> None:
        """Close the backend."""
        await self._backend.close()

    async def check(self, call: Call) -> None:
        """Ask the store whether it answers; nobody's call is waiting for it."""
        await self._backend.check(call)
