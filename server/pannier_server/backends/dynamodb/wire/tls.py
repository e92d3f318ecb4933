"""Which certificates are trusted: AWS's settings first, then the system, then botocore's.

botocore takes AWS_CA_BUNDLE, the configuration file's ca_bundle, REQUESTS_CA_BUNDLE
and then a bundle of its own. The system's store comes before that one here: it is
where a company puts the authority of its proxy, and it is kept up to date.
"""

import ssl
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from pannier_server.backends.dynamodb.wire.endpoint import Endpoint
from pannier_server.backends.errors import StoreMisconfigured


def client_tls_context(endpoint: Endpoint, environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return a context that verifies certificates and names, with TLS 1.2 at least.

    Raises:
        StoreMisconfigured: The bundle that is set cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bundle = endpoint.ca_bundle
    if bundle is None:
        bundle = environ.get("REQUESTS_CA_BUNDLE")
    if bundle is None:
        _trust_system(context)
    else:
        _trust_bundle(context, bundle)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _trust_bundle(context: ssl.SSLContext, bundle: str) -> None:
    path = Path(bundle)
    try:
        if not bundle.strip():
            raise FileNotFoundError("the setting is empty")
        if path.is_dir():
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise StoreMisconfigured(
            f"the CA bundle {bundle!r} cannot be used ({_reason(error)}); set AWS_CA_BUNDLE (or "
            "ca_bundle in AWS's configuration file, or REQUESTS_CA_BUNDLE) to a file of "
            "certificates in PEM, or unset it"
        ) from None


def _reason(error: OSError) -> str:
    # OpenSSL's text for a file without a certificate says nothing to most people.
    return "no certificate is in it" if isinstance(error, ssl.SSLError) else str(error.args[-1])


def _trust_system(context: ssl.SSLContext) -> None:
    context.load_default_certs()
    if not context.cert_store_stats()["x509_ca"] and not _has_folder_of_certificates():
        bundle = botocore_bundle()
        if bundle is not None:
            context.load_verify_locations(cafile=bundle)


def _has_folder_of_certificates() -> bool:
    """Tell whether OpenSSL has a folder to look into; it does so only when it verifies."""
    folder = ssl.get_default_verify_paths().capath
    return folder is not None and any(Path(folder).iterdir())


def botocore_bundle() -> Path | None:
    """Return the bundle that botocore ships, found without importing it."""
    spec = find_spec("botocore")
    places = (spec and spec.submodule_search_locations) or ()
    return next((path for place in places if (path := Path(place, "cacert.pem")).is_file()), None)
