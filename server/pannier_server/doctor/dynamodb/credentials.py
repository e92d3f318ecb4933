"""The credentials: of which kind, until when, and whose. Their values are never shown."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pannier_server.backends.dynamodb.wire.botocore_credentials import BotocoreChain
from pannier_server.backends.dynamodb.wire.credentials import (
    credentials_from_environment,
)
from pannier_server.backends.dynamodb.wire.daemon import run_in_daemon_thread
from pannier_server.backends.errors import StorageError
from pannier_server.doctor.check import (
    Check,
    Outcome,
    failed,
    failed_as,
    in_thread,
    ok,
    skipped,
    warning,
)
from pannier_server.doctor.dynamodb.known import Known

# botocore's names of the sources, in words that AWS's documentation uses.
_SOURCES = {
    "assume-role": "an assumed role",
    "assume-role-with-web-identity": "a web identity (as EKS gives to pods)",
    "config-file": "AWS's configuration file",
    "container-role": "the container's role (ECS, EKS Pod Identity)",
    "custom-process": "a credential process",
    "env": "the environment",
    "iam-role": "the instance's role (EC2)",
    "login": "aws login",
    "shared-credentials-file": "AWS's credentials file",
    "sso": "IAM Identity Center",
}

_SOON = timedelta(minutes=15)

_RENEW = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (a local engine takes any), or AWS_PROFILE, "
    "or run where a role is attached"
)


def checks(known: Known) -> Sequence[Check]:
    """Return the check of what the sources give."""

    async def find() -> Outcome:
        return await _find(known)

    return [
        Check(
            "dynamodb.credentials",
            "credentials",
            find,
            needs=("dynamodb.endpoint",),
            limit=20,
            when_slow="the source of the credentials does not answer: see that the metadata "
            "service, the credential process or STS can be reached",
        )
    ]


def identity(known: Known) -> Sequence[Check]:
    """Return the check of whose they are, which AWS alone can answer."""
    ask = in_thread(lambda: _ask_identity(known))
    return [
        Check("dynamodb.identity", "identity", ask, needs=("dynamodb.accepted",), limit=15),
    ]


async def _find(known: Known) -> Outcome:
    chain: BotocoreChain | None = None
    try:
        known.credentials = credentials_from_environment(known.environ)
        if known.credentials is None:
            chain = BotocoreChain(known.endpoint.region)
            known.credentials = (await run_in_daemon_thread(chain.load)).credentials
    except StorageError as error:
        return failed_as(error.message, _RENEW)
    source = (chain.source if chain else None) or "env"
    expires_at = chain.expires_at if chain else None
    temporary = known.credentials.token is not None
    facts = {
        "source": source,
        "temporary": temporary,
        "expires": expires_at.isoformat() if expires_at else None,
    }
    shown = f"{'temporary' if temporary else 'lasting'} ones from {_SOURCES.get(source, source)}"
    if expires_at is None:
        return ok(shown, **facts)
    left = expires_at - datetime.now(UTC)
    if left < _SOON and source == "env":
        return warning(
            f"{shown} expire at {expires_at:%H:%M} UTC, and nobody renews those",
            "start the sidecar with new ones, or from a source that renews them (a role)",
            **facts,
        )
    return ok(f"{shown}, which are renewed before {expires_at:%Y-%m-%d %H:%M} UTC", **facts)


def _ask_identity(known: Known) -> Outcome:
    if not known.endpoint.is_aws:
        return skipped("the endpoint is not AWS's, and takes any")
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    config = Config(connect_timeout=3, read_timeout=3, retries={"total_max_attempts": 2})
    try:
        sts = boto3.Session().client("sts", region_name=known.endpoint.region, config=config)
        answer = sts.get_caller_identity()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "an error")
        if code.startswith("AccessDenied"):
            return skipped("STS may not be asked, which serving does not need")
        return failed(
            f"STS does not accept the credentials ({code})",
            "check that access key, secret key and session token belong together",
        )
    except BotoCoreError as error:
        name = type(error).__name__
        return skipped(f"STS cannot be reached from here ({name}), which serving does not need")
    known.account = answer["Account"]
    return ok(answer["Arn"], arn=answer["Arn"], account=answer["Account"])
