"""botocore's chain: real files, processes and local services that hand out credentials."""

import asyncio
import json
import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pannier_server.backends.dynamodb.wire.botocore_credentials import BotocoreChain, explained
from pannier_server.backends.dynamodb.wire.client import DynamoDBClient
from pannier_server.backends.dynamodb.wire.credential_cache import Loaded
from pannier_server.backends.dynamodb.wire.credentials import Credentials
from pannier_server.backends.dynamodb.wire.daemon import run_in_daemon_thread
from pannier_server.backends.dynamodb.wire.settings import WireSettings
from pannier_server.backends.errors import AccessDenied, CredentialsMissing, StoreUnavailable
from tests.dynamodb.wire.calling import Caller
from tests.dynamodb.wire.http_server import Request, Server, answer, refuse

pytestmark = pytest.mark.usefixtures("clean_environ")

STS_ANSWER = """<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>STS</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
<SessionToken>token</SessionToken><Expiration>{expiration}</Expiration>
</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""
STS_REFUSAL = """<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>
<Message>Not authorized: secret details</Message></Error></ErrorResponse>"""


async def load(chain: BotocoreChain) -> Loaded:
    return await run_in_daemon_thread(chain.load)


async def refresh(chain: BotocoreChain) -> Loaded:
    return await run_in_daemon_thread(chain.refresh)


def in_minutes(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def container_answer(name: str, minutes: float) -> bytes:
    return json.dumps(
        {
            "AccessKeyId": name,
            "SecretAccessKey": "secret",
            "Token": "token",
            "Expiration": in_minutes(minutes),
        }
    ).encode()


def write_file(home: Path, name: str, text: str) -> None:
    (home / ".aws").mkdir(exist_ok=True)
    (home / ".aws" / name).write_text(text)


async def test_where_none_are_found_it_is_said_what_to_do() -> None:
    with pytest.raises(CredentialsMissing, match=r"AWS_ACCESS_KEY_ID.*AWS_PROFILE.*role"):
        await load(BotocoreChain("eu-west-1"))


async def test_a_profile_of_the_credentials_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file(
        tmp_path,
        "credentials",
        "[default]\naws_access_key_id=D\naws_secret_access_key=secret\n"
        "[work]\naws_access_key_id=W\naws_secret_access_key=secret\naws_session_token=t\n",
    )
    assert (await load(BotocoreChain("eu-west-1"))) == Loaded(Credentials("D", "secret"))
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert (await load(BotocoreChain("eu-west-1"))).credentials == Credentials("W", "secret", "t")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CredentialsMissing, match="nobody"):
        await load(BotocoreChain("eu-west-1"))


async def test_looking_anew_reads_a_changed_file(tmp_path: Path) -> None:
    chain = BotocoreChain("eu-west-1")
    for name in ("OLD", "NEW"):
        text = f"[default]\naws_access_key_id={name}\naws_secret_access_key=secret\n"
        write_file(tmp_path, "credentials", text)
        assert (await load(chain)).credentials.access_key == name


def python(script: Path) -> str:
    """Return the command line that runs a script, whose path may hold spaces."""
    return shlex.join([sys.executable, str(script)])


async def test_a_process(tmp_path: Path) -> None:
    printed = json.dumps({"Version": 1, "AccessKeyId": "P", "SecretAccessKey": "secret"})
    script = tmp_path / "print.py"
    script.write_text(f"print({printed!r})")
    write_file(tmp_path, "config", f"[default]\ncredential_process = {python(script)}\n")
    assert (await load(BotocoreChain("eu-west-1"))).credentials == Credentials("P", "secret")


async def test_what_a_failing_process_prints_is_not_repeated(tmp_path: Path) -> None:
    script = tmp_path / "fail.py"
    script.write_text("import sys; sys.exit('my secret')")
    write_file(tmp_path, "config", f"[default]\ncredential_process = {python(script)}\n")
    with pytest.raises(StoreUnavailable, match="CredentialRetrievalError") as raised:
        await load(BotocoreChain("eu-west-1"))
    assert "secret" not in raised.value.message


async def test_a_container(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{server.url}/keys")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer x")
    server.otherwise = answer(container_answer("C", 60))
    loaded = await load(BotocoreChain("eu-west-1"))
    assert loaded.credentials == Credentials("C", "secret", "token")
    assert loaded.refresh_at < loaded.valid_until
    assert server.requests[0].target == "/keys"
    assert server.requests[0].headers["authorization"] == "Bearer x"


async def test_credentials_are_renewed_ahead_and_kept_while_that_fails(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{server.url}/keys")
    server.then(
        answer(container_answer("FIRST", 5)),
        answer(container_answer("SECOND", 5)),
        *[answer(b"{}", status=500)] * 3,
        answer(container_answer("THIRD", 60)),
    )
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.SLEEP_TIME", 0)
    chain = BotocoreChain("eu-west-1")
    # The first ones are so near to their end that botocore renews them before it gives them out.
    assert (await load(chain)).credentials.access_key == "SECOND"
    assert (await refresh(chain)).credentials.access_key == "SECOND"
    assert (await refresh(chain)).credentials.access_key == "THIRD"
    asked = len(server.requests)
    assert (await refresh(chain)).credentials.access_key == "THIRD"
    assert len(server.requests) == asked


async def test_a_source_that_is_down_is_an_unavailable_store(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{server.url}/keys")
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.SLEEP_TIME", 0)
    server.otherwise = answer(b"the secret words", status=404)
    with pytest.raises(StoreUnavailable, match="source of the AWS credentials") as raised:
        await load(BotocoreChain("eu-west-1"))
    assert "secret" not in raised.value.message


async def test_an_instances_role(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "/latest/api/token": b"metadata-token",
        "/latest/meta-data/iam/security-credentials/": b"my-role",
        "/latest/meta-data/iam/security-credentials/my-role": json.dumps(
            json.loads(container_answer("I", 60)) | {"Code": "Success"}
        ).encode(),
    }

    async def metadata(request: Request, writer: asyncio.StreamWriter) -> None:
        await answer(answers[request.target])(request, writer)

    server.otherwise = metadata
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url)
    loaded = await load(BotocoreChain("eu-west-1"))
    assert loaded.credentials == Credentials("I", "secret", "token")


@pytest.fixture
def web_identity(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[bytes, int], None]:
    token = tmp_path / "token"
    token.write_text("web-identity-token")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pannier")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    def answers(body: bytes, status: int) -> None:
        server.otherwise = answer(body, status, content_type="text/xml")

    return answers


async def test_an_assumed_role_with_the_region_of_the_stores_url(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file(
        tmp_path,
        "config",
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/pannier\nsource_profile = base\n"
        "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = secret\n",
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
    body = STS_ANSWER.format(expiration=in_minutes(60)).replace("WithWebIdentity", "")
    server.otherwise = answer(body.encode(), content_type="text/xml")
    loaded = await load(BotocoreChain("eu-north-1"))
    assert loaded.credentials == Credentials("STS", "secret", "token")
    scope = server.requests[0].headers["authorization"].split("/")
    assert scope[0].endswith("Credential=BASE")
    assert scope[2:4] == ["eu-north-1", "sts"]


async def test_web_identity(server: Server, web_identity: Callable[[bytes, int], None]) -> None:
    web_identity(STS_ANSWER.format(expiration=in_minutes(60)).encode(), 200)
    loaded = await load(BotocoreChain("eu-west-1"))
    assert loaded.credentials == Credentials("STS", "secret", "token")
    assert b"web-identity-token" in server.requests[0].body


async def test_a_role_that_may_not_be_assumed_is_access_denied(
    web_identity: Callable[[bytes, int], None],
) -> None:
    web_identity(STS_REFUSAL.encode(), 403)
    with pytest.raises(AccessDenied, match=r"AssumeRoleWithWebIdentity.*AccessDenied") as raised:
        await load(BotocoreChain("eu-west-1"))
    assert "secret" not in raised.value.message


async def test_a_token_service_with_a_fault_is_an_unavailable_store(
    web_identity: Callable[[bytes, int], None],
) -> None:
    web_identity(STS_REFUSAL.replace("AccessDenied", "InternalFailure").encode(), 500)
    with pytest.raises(StoreUnavailable, match="InternalFailure"):
        await load(BotocoreChain("eu-west-1"))


async def test_credentials_of_the_environment_that_have_expired_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "E")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", in_minutes(60))
    assert (await load(BotocoreChain(None))).credentials.access_key == "E"
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", in_minutes(-1))
    with pytest.raises(CredentialsMissing, match="have expired"):
        await load(BotocoreChain(None))


async def test_a_client_uses_the_chain_and_renews_what_dynamodb_calls_expired(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{server.url}/keys")
    server.then(
        answer(container_answer("FIRST", 60)),
        refuse("ExpiredTokenException"),
        answer(container_answer("SECOND", 60)),
        answer(b'{"Item":{}}'),
    )
    client = await DynamoDBClient.open(WireSettings(region="eu-west-1", endpoint=server.url))
    assert await Caller(client).read() == b'{"Item":{}}'
    assert "Credential=SECOND/" in server.requests[-1].headers["authorization"]
    assert server.requests[-1].headers["x-amz-security-token"] == "token"
    await client.close()


def test_an_error_that_no_one_foresaw_keeps_its_words_to_itself() -> None:
    assert "secret" not in explained(KeyError("secret")).message
