"""Our signatures are botocore's, byte for byte."""

import string
from datetime import UTC, datetime
from random import Random

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from pannier_server.backends.dynamodb.wire.credentials import Credentials
from pannier_server.backends.dynamodb.wire.endpoint import Endpoint
from pannier_server.backends.dynamodb.wire.signing import Signer

OPERATIONS = ("GetItem", "UpdateItem", "DeleteItem", "Query", "DescribeTable")
REGIONS = ("us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "local")
HOSTS = ("dynamodb.eu-west-1.amazonaws.com", "localhost", "127.0.0.1", "::1", "db.example")
TOKEN_LETTERS = string.ascii_letters + string.digits + "+/="


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def headers_of(head: bytes) -> dict[str, str]:
    lines = head.decode().removesuffix("\r\n\r\n").split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines)


def random_text(random: Random, length: int) -> str:
    return "".join(random.choices(TOKEN_LETTERS, k=length))


def botocore_headers(
    monkeypatch: pytest.MonkeyPatch,
    endpoint: Endpoint,
    operation: str,
    body: bytes,
    credentials: Credentials,
    seconds: float,
) -> dict[str, str]:
    now = datetime.fromtimestamp(seconds, UTC)
    monkeypatch.setattr(auth, "get_current_datetime", lambda: now)
    headers = {
        "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        "Content-Type": "application/x-amz-json-1.0",
    }
    request = AWSRequest("POST", f"{endpoint.url}/", headers=headers, data=body)
    theirs = BotocoreCredentials(credentials.access_key, credentials.secret_key, credentials.token)
    auth.SigV4Auth(theirs, "dynamodb", endpoint.region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def test_random_requests_are_signed_as_botocore_signs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = Random(20120810)
    clock = Clock()
    for _ in range(40):
        endpoint = Endpoint(
            random.choice(("http", "https")),
            random.choice(HOSTS),
            random.choice((80, 443, 8000, 65535)),
            random.choice(REGIONS),
        )
        signer = Signer(host=endpoint.authority, region=endpoint.region, clock=clock)
        for _ in range(10):
            clock.now = random.choice((clock.now, clock.now + 1, random.uniform(0, 4e9)))
            credentials = Credentials(
                random_text(random, 20),
                random_text(random, 40),
                random_text(random, random.randint(1, 900)) if random.random() < 0.5 else None,
            )
            for _ in range(random.randint(1, 2)):
                operation = random.choice(OPERATIONS)
                body = random.randbytes(random.choice((0, 2, 90, 5000)))
                head = signer.head(operation, body, credentials)
                ours = headers_of(head)
                theirs = botocore_headers(
                    monkeypatch, endpoint, operation, body, credentials, clock.now
                )
                assert ours["authorization"] == theirs["authorization"]
                for name in ("x-amz-date", "x-amz-target", "content-type"):
                    assert ours[name] == theirs[name]
                assert ours.get("x-amz-security-token") == theirs.get("x-amz-security-token")
                assert ours["host"] == endpoint.authority
                assert ours["content-length"] == str(len(body))


def test_the_day_key_is_made_anew_for_other_credentials_and_for_another_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint = Endpoint("https", "dynamodb.eu-west-1.amazonaws.com", 443, "eu-west-1")
    clock = Clock()
    signer = Signer(host=endpoint.authority, region=endpoint.region, clock=clock)
    first, second = Credentials("A", "first-secret"), Credentials("A", "second-secret")
    for seconds, credentials in ((5, first), (5, second), (86_399, second), (86_400, second)):
        clock.now = seconds
        theirs = botocore_headers(monkeypatch, endpoint, "GetItem", b"{}", credentials, seconds)
        ours = headers_of(signer.head("GetItem", b"{}", credentials))
        assert ours["authorization"] == theirs["authorization"]


def test_the_clock_is_corrected_by_the_servers_date() -> None:
    signer = Signer(host="localhost", region="eu-west-1", clock=lambda: 0.0)
    assert signer.correct_clock("Thu, 01 Jan 1970 01:00:00 GMT")
    assert signer.clock_offset == 3600
    head = signer.head("GetItem", b"{}", Credentials("A", "B"))
    assert headers_of(head)["x-amz-date"] == "19700101T010000Z"


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Jan 1970 01:00:00 GMT"])
def test_a_date_that_is_none_corrects_nothing(date: str) -> None:
    signer = Signer(host="localhost", region="eu-west-1", clock=lambda: 0.0)
    assert not signer.correct_clock(date)
    assert signer.clock_offset == 0


def test_a_forwarding_proxy_gets_the_whole_url_and_its_credentials() -> None:
    signer = Signer(
        host="db.example:8000",
        region="eu-west-1",
        request_target="http://db.example:8000/",
        proxy_authorization="Basic abc",
    )
    head = signer.head("GetItem", b"{}", Credentials("A", "B"))
    assert head.startswith(b"POST http://db.example:8000/ HTTP/1.1\r\n")
    assert headers_of(head)["proxy-authorization"] == "Basic abc"
