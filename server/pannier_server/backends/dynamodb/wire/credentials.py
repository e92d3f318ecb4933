"""AWS credentials: what they are, and those that stand in the environment.

The environment comes first in botocore's chain, so that plain keys there are the whole
answer and botocore need not be imported. Everything else is botocore's to find; see
`botocore_credentials`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pannier_server.backends.errors import CredentialsMissing

ACCESS_KEY = "AWS_ACCESS_KEY_ID"
SECRET_KEY = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 - the name of a variable
# botocore looks for the first, which is older, before the one that all SDKs know.
TOKENS = ("AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN")
EXPIRATION = "AWS_CREDENTIAL_EXPIRATION"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys to sign with. Neither key nor token shows in their repr.

    Attributes:
        access_key: The access key id.
        secret_key: The secret access key.
        token: The session token of temporary credentials, or None.
    """

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


def checked_credentials(access_key: str, secret_key: str, token: str | None) -> Credentials:
    """Return credentials that can be signed with.

    Raises:
        CredentialsMissing: One of them holds white space or the like, such as the
            line break that ``echo`` leaves in a mounted secret. boto3 cannot use such
            keys either, but says so less clearly.
    """
    for name, value in (
        ("access key id", access_key),
        ("secret access key", secret_key),
        ("session token", token or ""),
    ):
        if not value.isascii() or not value.isprintable() or " " in value:
            raise CredentialsMissing(
                f"the AWS {name} holds a line break, a space or another character "
                "that no key has; set it again without"
            )
    return Credentials(access_key, secret_key, token)


def credentials_from_environment(environ: Mapping[str, str]) -> Credentials | None:
    """Return the plain credentials of an environment, or None where botocore must look.

    Raises:
        CredentialsMissing: They are incomplete. botocore's chain ends there too.
    """
    access_key = environ.get(ACCESS_KEY, "")
    if not access_key or environ.get(EXPIRATION):
        return None
    secret_key = environ.get(SECRET_KEY, "")
    if not secret_key:
        raise CredentialsMissing(f"{ACCESS_KEY} is set, but {SECRET_KEY} is not; set both")
    token = next((environ[name] for name in TOKENS if environ.get(name)), None)
    return checked_credentials(access_key, secret_key, token)
