"""Credentials from botocore's whole chain: profiles, roles, web identity, instances.

botocore reads the process's own environment and files. Everything here blocks, and
belongs in a thread.
"""

import logging
import time
from datetime import datetime
from typing import TYPE_CHECKING

from pannier_server.backends.dynamodb.wire.credential_cache import Loaded
from pannier_server.backends.dynamodb.wire.credentials import Credentials, checked_credentials
from pannier_server.backends.errors import (
    AccessDenied,
    CredentialsMissing,
    StorageError,
    StoreUnavailable,
)

if TYPE_CHECKING:
    from botocore.credentials import Credentials as BotocoreCredentials
    from botocore.exceptions import ClientError

_log = logging.getLogger(__name__)

# Seconds for which credentials are trusted, the longest that botocore says are left.
# Half of it later botocore is asked again; it renews 15 minutes before they expire.
_HORIZONS = (60, 10, 2)

NOT_FOUND = (
    "no AWS credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
    "AWS_PROFILE, or run where a role is attached (web identity, container or instance)"
)

# Their texts say which setting is wrong and cannot hold a credential, as opposed to
# those that quote an answer or a process's output.
_TELLING = frozenset(
    {
        "ConfigNotFound",
        "ConnectTimeoutError",
        "ConnectionClosedError",
        "EndpointConnectionError",
        "InfiniteLoopConfigError",
        "InvalidConfigError",
        "InvalidRegionError",
        "NoRegionError",
        "PartialCredentialsError",
        "ProfileNotFound",
        "ReadTimeoutError",
        "SSOTokenLoadError",
        "UnauthorizedSSOTokenError",
    }
)
# What someone has to put right, as opposed to what may pass.
_SETTINGS = frozenset(
    {
        "ConfigNotFound",
        "ConfigParseError",
        "InfiniteLoopConfigError",
        "InvalidConfigError",
        "InvalidRegionError",
        "LoginError",
        "LoginInsufficientPermissions",
        "LoginRefreshRequired",
        "LoginTokenLoadError",
        "MissingDependencyException",
        "NoRegionError",
        "PartialCredentialsError",
        "ProfileNotFound",
        "RefreshWithMFAUnsupportedError",
        "SSOTokenLoadError",
        "UnauthorizedSSOTokenError",
        "UnknownCredentialError",
    }
)


class BotocoreChain:
    """botocore's chain, as a `CredentialChain`."""

    def __init__(self, region: str | None) -> None:
        """Remember the region.

        Args:
            region: For calls to STS, as boto3 takes it from its DynamoDB client; None
                for the environment's.
        """
        self._region = region
        self._found: BotocoreCredentials | None = None
        self._last: Credentials | None = None

    @property
    def source(self) -> str | None:
        """What botocore calls the source of what was found, such as ``iam-role``."""
        return self._found.method if self._found else None

    @property
    def expires_at(self) -> datetime | None:
        """When what was found expires; None where that is not known, or never."""
        # botocore tells only whether it is within so many seconds.
        expires_at: datetime | None = getattr(self._found, "_expiry_time", None)
        return expires_at

    def load(self) -> Loaded:
        """Look through the chain in a new session, which reads all files again.

        Raises:
            CredentialsMissing: The chain has none, or a setting in it is wrong.
            AccessDenied: STS refuses to give some.
            StoreUnavailable: Their source does not answer.
        """
        try:
            self._found = self._find()
        except Exception as error:  # noqa: BLE001 - a source may raise anything
            raise explained(error) from None
        self._last = None
        return self.refresh()

    def refresh(self) -> Loaded:
        """Return the credentials found last; botocore renews them where that is due.

        Raises:
            CredentialsMissing: As for `load`.
            AccessDenied: As for `load`.
            StoreUnavailable: As for `load`.
        """
        if self._found is None:
            return self.load()
        self._last = self._frozen(self._found)
        return _loaded(self._found, self._last)

    def _find(self) -> "BotocoreCredentials":
        from botocore.session import Session

        session = Session()
        if self._region is not None:
            session.set_config_variable("region", self._region)
        found = session.get_credentials()
        if found is None:
            raise CredentialsMissing(NOT_FOUND)
        return found

    def _frozen(self, found: "BotocoreCredentials") -> Credentials:
        """Return the keys; those at hand where botocore fails to renew them in time."""
        try:
            frozen = found.get_frozen_credentials()
        except Exception as error:  # noqa: BLE001 - a source may raise anything
            if self._last is not None and not _expires_within(found, _HORIZONS[-1]):
                _log.warning("AWS credentials: %s", explained(error))
                return self._last
            # The next look-up begins anew, in case the source itself was replaced.
            self._found = None
            raise explained(error) from None
        return checked_credentials(frozen.access_key or "", frozen.secret_key or "", frozen.token)


def _loaded(found: "BotocoreCredentials", credentials: Credentials) -> Loaded:
    from botocore.credentials import RefreshableCredentials

    if not isinstance(found, RefreshableCredentials):
        return Loaded(credentials)
    now = time.time()
    horizon = next((h for h in _HORIZONS if not _expires_within(found, h)), 0)
    return Loaded(credentials, refresh_at=now + horizon / 2, valid_until=now + horizon)


def _expires_within(found: "BotocoreCredentials", seconds: int) -> bool:
    from botocore.credentials import RefreshableCredentials

    return isinstance(found, RefreshableCredentials) and found.refresh_needed(refresh_in=seconds)


def explained(error: Exception) -> StorageError:
    """Return the error that tells people why a look-up failed, without any secret."""
    if isinstance(error, StorageError):
        return error
    from botocore.exceptions import ClientError

    name = type(error).__name__
    if isinstance(error, ClientError):
        return _refused(error)
    if isinstance(error, RuntimeError) and "still expired" in str(error):
        return CredentialsMissing(
            "the AWS credentials have expired, and their source has no newer ones; renew them"
        )
    text = f"{name}: {error}" if name in _TELLING else name
    if name in _SETTINGS:
        return CredentialsMissing(f"the AWS credentials cannot be used ({text})")
    return StoreUnavailable(f"the source of the AWS credentials failed ({text})")


def _refused(error: "ClientError") -> StorageError:
    code = error.response.get("Error", {}).get("Code", "an error")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    if status >= 500 or "Throttl" in code or "TooManyRequests" in code:
        return StoreUnavailable(
            f"the source of the AWS credentials failed: {error.operation_name} answers {code}"
        )
    return AccessDenied(
        f"AWS refuses to give credentials: {error.operation_name} answers {code}; check the "
        "role, its trust policy and the credentials that it is assumed with"
    )
