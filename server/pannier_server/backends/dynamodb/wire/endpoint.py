"""Which endpoint and which region: botocore's answer, without botocore where that is sure.

botocore takes an explicit endpoint before AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL,
the configuration file's and the region's; an explicit region before
AWS_DEFAULT_REGION and the file's. Importing it costs a quarter of a second, so it is
asked only where something might be set that this module does not know.

Endpoints of an account (``123456789012.ddb.…``) are not used: DynamoDB offers them
beside the region's, and one host is one connection pool, whatever the credentials.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pannier_server.backends.errors import StoreMisconfigured

_DEFAULT_PORTS = {"http": 80, "https": 443}

AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".amazonwebservices.com.cn")
"""How the names of AWS's own hosts end."""

# The commercial partition's, where an endpoint is dynamodb.REGION.amazonaws.com.
_COMMERCIAL_REGION = re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d{1,2}")

# Each may change the answer, or make botocore refuse to give one.
_DECIDING_VARIABLES = (
    "AWS_DATA_PATH",
    "AWS_DEFAULTS_MODE",
    "AWS_DEFAULT_PROFILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "BOTOCORE_EXPERIMENTAL__PLUGINS",
)
_DECIDING_WORDS = ("endpoint", "services", "ca_bundle", "data_path", "defaults_mode", "plugins")
_ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL")
_FILES = {
    "AWS_CONFIG_FILE": "~/.aws/config",
    "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go and which region they are signed for.

    Attributes:
        scheme: ``http`` or ``https``.
        host: A name or an address, in lower case, an IPv6 address without brackets.
        port: The TCP port.
        region: The region to sign for.
        ca_bundle: The file or folder of certificate authorities that AWS's own
            settings name, or None.
    """

    scheme: str
    host: str
    port: int
    region: str
    ca_bundle: str | None = None

    @property
    def authority(self) -> str:
        """The Host header: the port is there only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def address(self) -> str:
        """Host and port, for messages."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_aws(self) -> bool:
        """Whether it is AWS itself rather than a local engine."""
        return self.host.endswith(AWS_DOMAINS)

    @property
    def url(self) -> str:
        """The endpoint's URL, without a path."""
        return f"{self.scheme}://{self.authority}"


def parse_endpoint(url: str, region: str, ca_bundle: str | None = None) -> Endpoint:
    """Return the endpoint that a URL such as ``http://localhost:8000`` names.

    Raises:
        StoreMisconfigured: It is none, or holds more than scheme, host and port.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or port == 0:
        raise StoreMisconfigured(
            "the DynamoDB endpoint is no URL such as https://host or http://host:port"
        )
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise StoreMisconfigured(
            "the DynamoDB endpoint holds more than scheme, host and port; "
            "write it like https://host or http://host:port"
        )
    return Endpoint(
        parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme], region, ca_bundle
    )


def endpoint_without_botocore(
    region: str | None, url: str | None, environ: Mapping[str, str]
) -> Endpoint | None:
    """Return the endpoint that botocore would use, or None where only botocore knows.

    Args:
        region: An explicit region, or None.
        url: An explicit endpoint, or None.
        environ: The environment.

    Raises:
        StoreMisconfigured: The endpoint's URL cannot be used.
    """
    region = region or environ.get("AWS_DEFAULT_REGION", "")
    if not _COMMERCIAL_REGION.fullmatch(region) or _may_decide_otherwise(environ):
        return None
    regional = f"https://dynamodb.{region}.amazonaws.com"
    url = url or next((environ[name] for name in _ENDPOINT_VARIABLES if environ.get(name)), None)
    endpoint = parse_endpoint(url or regional, region, environ.get("AWS_CA_BUNDLE"))
    # botocore refuses some of AWS's own hosts as an explicit endpoint.
    if endpoint.url != regional and endpoint.host.startswith(("dynamodb.", "search-dynamodb.")):
        return None
    return endpoint


def _may_decide_otherwise(environ: Mapping[str, str]) -> bool:
    if any(name in environ for name in _DECIDING_VARIABLES):
        return True
    models = _expand("~/.aws/models", environ)
    if models is None or models.exists():
        return True
    return any(_file_decides(variable, environ) for variable in _FILES)


def _file_decides(variable: str, environ: Mapping[str, str]) -> bool:
    path = _expand(environ.get(variable, _FILES[variable]), environ)
    if path is None:
        return True
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError):
        return True
    return any(word in text for word in _DECIDING_WORDS)


def _expand(path: str, environ: Mapping[str, str]) -> Path | None:
    """Return the file that botocore reads, or None where its rules are not so simple."""
    if path.startswith("~/"):
        # Services and sandboxes often have no HOME; the user's is that of the password file, and
        # where it has none the name stays as it is, for botocore too.
        home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111
        path = f"{home}/{path[2:]}"
        return None if "$" in path else Path(path)
    return None if "~" in path or "$" in path else Path(path)
