"""Which proxy a request goes through: HTTPS_PROXY, HTTP_PROXY and NO_PROXY.

As botocore has it, which takes Python's rules: names in any case, lower case first,
and NO_PROXY by the end of a host's name.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from pannier_server.backends.dynamodb.wire.endpoint import Endpoint
from pannier_server.backends.errors import StoreMisconfigured

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy for HTTP. Its credentials do not show in its repr.

    Attributes:
        scheme: ``http`` or ``https``: how the proxy itself is spoken to.
        host: Its name or address.
        port: Its TCP port.
        authorization: The value of Proxy-Authorization, or None.
    """

    scheme: str
    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """Host and port, for messages."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def find_proxy(endpoint: Endpoint, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy that the environment names for an endpoint, or None.

    Raises:
        StoreMisconfigured: The proxy's URL cannot be used. It is not quoted, because
            it may hold a password.
    """
    proxies = _proxies(environ)
    url = proxies.get(endpoint.scheme)
    if not url or _bypassed(endpoint, proxies):
        return None
    return _parse(url, f"{endpoint.scheme.upper()}_PROXY")


def _proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """Return ``{scheme: URL, "no": hosts}``; an empty lower-case variable unsets it.

    HTTP_PROXY means nothing in a CGI script, where a client's Proxy header sets it.
    """
    names = [name for name in environ if name.lower().endswith("_proxy")]
    proxies: dict[str, str] = {}
    for name in sorted(names, key=_is_lower):
        scheme = name.lower().removesuffix("_proxy")
        if scheme == "http" and not _is_lower(name) and "REQUEST_METHOD" in environ:
            continue
        if environ[name]:
            proxies[scheme] = environ[name]
        elif _is_lower(name):
            proxies.pop(scheme, None)
    return proxies


def _is_lower(name: str) -> bool:
    return name.endswith("_proxy")


def _bypassed(endpoint: Endpoint, proxies: Mapping[str, str]) -> bool:
    import urllib.request

    # Public by its name, but typeshed does not know it.
    bypass: Callable[[str, Mapping[str, str]], bool] = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]
    return bypass(endpoint.authority, proxies)


def _parse(url: str, variable: str) -> Proxy:
    if not url.startswith(("http:", "https:")):
        url = f"http:{url}" if url.startswith("//") else f"http://{url}"
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except ValueError:
        parts, port = urlsplit(""), 0
    if not parts.hostname:
        raise StoreMisconfigured(f"{variable} is no URL of a proxy such as http://host:port")
    return Proxy(parts.scheme, parts.hostname, port, _authorization(parts.username, parts.password))


def _authorization(username: str | None, password: str | None) -> str | None:
    if not username or not password:
        return None
    pair = f"{unquote(username)}:{unquote(password)}"
    return f"Basic {b64encode(pair.encode()).decode()}"
