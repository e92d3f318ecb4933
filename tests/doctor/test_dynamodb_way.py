"""The way to DynamoDB: region, proxy, DNS, TCP, TLS, credentials, clock."""

import asyncio
import socket
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from pannier_server.doctor import Status
from pannier_server.doctor.dynamodb import asking, clock
from tests.doctor.conftest import Diagnose
from tests.doctor.stand_in import StandIn, dated, stand_in
from tests.engines.dynamodb_local import Engine
from tests.engines.process import free_port
from tests.engines.table import Table
from tests.faults.proxy import fault_proxy

NOWHERE = "dynamodb://tasks?region=eu-west-1&endpoint="


async def test_region_and_endpoint_say_where_they_stand(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)

    found = (await diagnose("dynamodb://tasks"))["dynamodb.endpoint"]

    assert found.status is Status.OK
    assert found.facts == {
        "region": "eu-central-1",
        "region_from": "AWS_DEFAULT_REGION",
        "endpoint": endpoint,
        "endpoint_from": "AWS_ENDPOINT_URL",
    }


async def test_without_a_region_it_is_asked_for_and_all_else_is_skipped(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")

    found = await diagnose("dynamodb://tasks")

    assert found["dynamodb.endpoint"].status is Status.FAILED
    assert "?region=" in found["dynamodb.endpoint"].fix
    later = [check for check in found if check.startswith("dynamodb.")][1:]
    assert {found[check].status for check in later} == {Status.SKIPPED}


async def test_a_variable_that_is_not_read_is_a_warning(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")

    found = (await diagnose("dynamodb://tasks"))["dynamodb.endpoint"]

    assert found.status is Status.WARNING
    assert "AWS_REGION says eu-west-3" in found.summary
    assert "AWS_DEFAULT_REGION" in found.fix


async def test_an_endpoint_where_nothing_listens_fails(diagnose: Diagnose) -> None:
    found = await diagnose(f"{NOWHERE}http://127.0.0.1:{free_port()}")

    assert found["dynamodb.dns"].status is Status.OK
    assert found["dynamodb.tcp"].status is Status.FAILED
    assert "refuses connections" in found["dynamodb.tcp"].summary
    assert "start what should listen there" in found["dynamodb.tcp"].fix
    assert found["dynamodb.credentials"].status is Status.OK
    assert found["dynamodb.table"].status is Status.SKIPPED


async def test_an_endpoint_that_never_answers_fails_in_time_and_says_where_to_look(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "LIMIT", 1.0)
    monkeypatch.setattr(clock, "_LIMIT", 0.2)

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(swallow, "127.0.0.1", 0) as listening:
        address = f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        found = await diagnose(f"{NOWHERE}http://{address}")

    assert found["dynamodb.clock"].summary == f"{address}: no answer came in time"
    assert found["dynamodb.accepted"].status is Status.FAILED
    assert found["dynamodb.accepted"].summary == f"{address} gives no answer within 1s"
    assert found["dynamodb.accepted"].fix.startswith("see what stands between")
    assert found["dynamodb.table"].status is Status.SKIPPED


async def test_a_name_that_cannot_be_resolved_fails(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    found = await diagnose(f"{NOWHERE}http://dynamodb.invalid:8000")

    assert found["dynamodb.dns"].status is Status.FAILED
    assert found["dynamodb.dns"].summary.startswith("dynamodb.invalid cannot be resolved")
    assert "correct the endpoint's name" in found["dynamodb.dns"].fix
    assert found["dynamodb.tcp"].status is Status.SKIPPED


async def test_a_wrong_region_shows_as_a_name_that_cannot_be_resolved(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    found = await diagnose("dynamodb://tasks?region=eu-west-9")

    assert found["dynamodb.dns"].fix.startswith("correct the region")


async def test_a_proxy_that_is_no_url_fails_without_its_password(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:password@:0/")

    found = (await diagnose("dynamodb://tasks?region=eu-west-1"))["dynamodb.proxy"]

    assert found.status is Status.FAILED
    assert "HTTPS_PROXY" in found.summary + found.fix
    assert "password" not in found.summary + found.fix


async def test_a_proxy_is_what_is_connected_to(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")

    found = await diagnose("dynamodb://tasks?region=eu-west-1")

    assert found["dynamodb.proxy"].facts == {"address": f"127.0.0.1:{port}"}
    assert found["dynamodb.tcp"].status is Status.FAILED
    assert found["dynamodb.tcp"].fix.startswith("start the proxy")


async def test_a_certificate_that_is_not_trusted_fails(
    diagnose: Diagnose, dynamodb_table: Table
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with stand_in(dynamodb_table.endpoint or "", context) as server:
        found = await diagnose(f"{NOWHERE}{server.endpoint}")

    assert found["dynamodb.tcp"].status is Status.OK
    assert found["dynamodb.tls"].status is Status.FAILED
    assert "certificate cannot be trusted" in found["dynamodb.tls"].summary
    assert "AWS_CA_BUNDLE" in found["dynamodb.tls"].fix
    assert found["dynamodb.clock"].status is Status.SKIPPED


async def test_an_endpoint_without_tls_is_told(diagnose: Diagnose, dynamodb_engine: Engine) -> None:
    endpoint = dynamodb_engine.endpoint.replace("http:", "https:")

    found = (await diagnose(f"{NOWHERE}{endpoint}"))["dynamodb.tls"]

    assert found.status is Status.FAILED
    assert "does not speak TLS" in found.summary + found.fix


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Make an authority that is trusted, since AWS_CA_BUNDLE names it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    return authority


async def test_a_trusted_certificate_is_fine(
    diagnose: Diagnose, dynamodb_table: Table, authority: trustme.CA
) -> None:
    if dynamodb_table.endpoint is None:
        pytest.skip("it stands before an engine")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with stand_in(dynamodb_table.endpoint, context) as server:
        table = replace(dynamodb_table, endpoint=server.endpoint)
        found = await diagnose(table.store_url)

    assert found["dynamodb.tls"].status is Status.OK
    assert found["dynamodb.tls"].facts == {"encrypted": True}
    assert found["dynamodb.permission.GetItem"].status is Status.OK


@pytest.mark.parametrize(
    ("host", "until", "fix"),
    [
        ("127.0.0.1", datetime(2020, 1, 1, tzinfo=UTC), "renew it, or set this machine's clock"),
        ("127.0.0.2", None, "write a host in the endpoint that the certificate names"),
        ("elsewhere.example", None, "write a host in the endpoint that the certificate names"),
    ],
)
async def test_a_certificate_of_a_trusted_authority_can_be_wrong_too(
    diagnose: Diagnose, authority: trustme.CA, host: str, until: datetime | None, fix: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, not_after=until).configure_cert(context)
    async with stand_in("", context) as server:
        found = (await diagnose(f"{NOWHERE}{server.endpoint}"))["dynamodb.tls"]

    assert "certificate cannot be trusted" in found.summary
    assert found.fix == fix


async def test_no_credentials_fail_and_the_way_is_looked_at_all_the_same(
    diagnose: Diagnose, dynamodb_table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)

    found = await diagnose(dynamodb_table.store_url)

    assert found["dynamodb.credentials"].status is Status.FAILED
    assert "no AWS credentials were found" in found["dynamodb.credentials"].summary
    assert "AWS_ACCESS_KEY_ID" in found["dynamodb.credentials"].fix
    assert found["dynamodb.tls"].status is Status.OK
    assert found["dynamodb.accepted"].status is Status.SKIPPED
    assert found["dynamodb.permission.Query"].status is Status.SKIPPED


async def test_half_of_the_credentials_is_named(
    diagnose: Diagnose, dynamodb_table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    found = (await diagnose(dynamodb_table.store_url))["dynamodb.credentials"]

    assert found.status is Status.FAILED
    assert found.fix == "set both"


async def test_credentials_tell_their_source_and_never_their_values(
    diagnose: Diagnose,
    dynamodb_table: Table,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "credentials"
    file.write_text(
        "[default]\naws_access_key_id = AKIDSECRET\naws_secret_access_key = hidden\n"
        "aws_session_token = also-hidden\n"
    )
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))

    found = await diagnose(dynamodb_table.store_url)

    credentials = found["dynamodb.credentials"]
    assert credentials.status is Status.OK
    assert credentials.facts == {
        "source": "shared-credentials-file",
        "temporary": True,
        "expires": None,
    }
    for outcome in found.values():
        shown = f"{outcome.summary} {outcome.fix} {dict(outcome.facts)}"
        assert "AKIDSECRET" not in shown
        assert "hidden" not in shown


async def test_credentials_of_the_environment_that_end_soon_are_a_warning(
    diagnose: Diagnose, dynamodb_table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = datetime.now(UTC) + timedelta(minutes=12)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", end.isoformat())

    found = (await diagnose(dynamodb_table.store_url))["dynamodb.credentials"]

    assert found.status is Status.WARNING
    assert f"{end:%H:%M} UTC" in found.summary
    assert found.fix.startswith("start the sidecar with new ones")


@pytest.mark.parametrize(
    ("ahead", "status", "says"),
    [
        (0, Status.OK, ""),
        (90, Status.WARNING, "ahead of"),
        (-90, Status.WARNING, "behind"),
        (3600, Status.FAILED, "ahead of"),
    ],
)
async def test_a_wrong_clock_is_told_by_the_date_of_an_answer(
    diagnose: Diagnose,
    before_table: tuple[StandIn, Table],
    ahead: int,
    status: Status,
    says: str,
) -> None:
    server, table = before_table
    server.answers["DescribeTable"] = dated(time.time() - ahead)

    found = (await diagnose(table.store_url))["dynamodb.clock"]

    assert found.status is status
    assert abs(float(str(found.facts["seconds_ahead"])) - ahead) <= 1
    assert says in found.summary
    assert (status is Status.OK) == (not found.fix)
    if found.fix:
        assert found.fix.startswith("set the clock (NTP")


async def test_the_wire_corrects_a_wrong_clock_so_that_only_it_fails(
    diagnose: Diagnose, dynamodb_table: Table
) -> None:
    if dynamodb_table.endpoint is None:
        pytest.skip("it stands before an engine")
    async with fault_proxy(dynamodb_table.endpoint) as proxy:
        proxy.front_end.clock_offset = -900.0
        found = await diagnose(replace(dynamodb_table, endpoint=proxy.endpoint).store_url)

    failed = [check for check, outcome in found.items() if outcome.status is Status.FAILED]
    assert failed == ["dynamodb.clock"]
    assert "corrects the date of its signatures" in found["dynamodb.clock"].fix
