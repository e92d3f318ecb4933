"""Which module keeps records for which URL scheme.

Adding a backend is one module with a ``from_url`` function and one line here; one of
a third party names its function as an entry point of the group ``pannier.backends``.
"""

from collections.abc import Callable
from importlib import import_module

from pannier_server.backends.contract import StorageBackend
from pannier_server.backends.store_url import StoreUrl, StoreUrlError, parse_store_url

ENTRY_POINT_GROUP = "pannier.backends"

# Modules are named, not imported: a start with SQLite does not pay for DynamoDB.
_MODULES = {
    "memory": "pannier_server.backends.memory",
    "sqlite": "pannier_server.backends.sqlite",
    "dynamodb": "pannier_server.backends.dynamodb",
}


def create_backend(url: str) -> StorageBackend:
    """Return the backend that a store URL names, not opened yet.

    Raises:
        StoreUrlError: No backend has the URL's scheme, or it refuses the rest.
    """
    parsed = parse_store_url(url)
    return _factory(parsed)(parsed)


def _factory(url: StoreUrl) -> Callable[[StoreUrl], StorageBackend]:
    if url.scheme in _MODULES:
        factory = import_module(_MODULES[url.scheme]).from_url
    else:
        # It takes a twentieth of a start, which most do without.
        from importlib.metadata import entry_points

        found = entry_points(group=ENTRY_POINT_GROUP, name=url.scheme)
        if not found:
            known = ", ".join(f"{name}:" for name in _MODULES)
            raise StoreUrlError(
                f"{url.text}: no backend is called {url.scheme!r} (there are {known})"
            )
        factory = next(iter(found)).load()
    made: Callable[[StoreUrl], StorageBackend] = factory
    return made
