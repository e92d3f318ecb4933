"""Records in one SQLite file: the default store, durable and without a server.

A write is on disk before it is answered (write-ahead log, ``synchronous=FULL``), and
any number of processes may share the file. SQLite blocks, so three threads talk to it:
one writes, one reads single records, one reads lists.
"""

from pannier_server.backends.sqlite.backend import SqliteBackend
from pannier_server.backends.sqlite.location import from_store_url
from pannier_server.backends.store_url import StoreUrl

__all__ = ["SqliteBackend", "from_url"]


def from_url(url: StoreUrl) -> SqliteBackend:
    """Return the backend for ``sqlite:`` or ``sqlite:///path/file.db``.

    Raises:
        StoreUrlError: The URL names a host, a folder, a name that SQLite treats
            specially, or an option that is not known.
    """
    location = from_store_url(url)
    url.refuse_unknown_options()
    return SqliteBackend(location, expiry_json_field=url.expiry_json_field)
