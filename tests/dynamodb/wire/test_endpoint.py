"""The endpoint is botocore's, also where botocore is not asked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.loaders import Loader
from botocore.session import Session

from pannier_server.backends.dynamodb.wire.botocore_endpoint import endpoint_from_botocore
from pannier_server.backends.dynamodb.wire.client import DynamoDBClient
from pannier_server.backends.dynamodb.wire.endpoint import (
    Endpoint,
    endpoint_without_botocore,
    parse_endpoint,
)
from pannier_server.backends.dynamodb.wire.settings import WireSettings
from pannier_server.backends.errors import StoreMisconfigured

pytestmark = pytest.mark.usefixtures("clean_environ")

LOCAL = "http://localhost:8000"
SERVICES = """[default]
region = eu-west-1
services = mine
[services mine]
dynamodb =
  endpoint_url = http://h:2
"""
REGION = {"AWS_DEFAULT_REGION": "eu-west-1"}


@pytest.fixture(autouse=True)
def one_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore's sessions share what they read from its data files; they are large."""
    monkeypatch.setattr("botocore.session.create_loader", lambda _: _LOADER)


_LOADER = Loader()


def answers(region: str | None, url: str | None) -> tuple[Endpoint | None, Endpoint]:
    return endpoint_without_botocore(region, url, os.environ), endpoint_from_botocore(region, url)


@pytest.mark.parametrize(
    ("region", "url", "variables"),
    [
        ("eu-west-1", None, {}),
        (None, None, REGION),
        ("us-east-1", None, REGION),
        ("eu-west-1", LOCAL, {}),
        (None, "http://127.0.0.1:8000", REGION),
        (None, "http://[::1]:8000", REGION),
        (None, "https://Db.Example:443", REGION),
        (None, "http://dynamodb:8000", REGION),
        (None, "https://dynamodb.eu-west-1.amazonaws.com", REGION),
        (None, None, REGION | {"AWS_ENDPOINT_URL": LOCAL}),
        (None, None, REGION | {"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_DYNAMODB": ""}),
        (None, None, REGION | {"AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_DYNAMODB": LOCAL}),
        (None, None, REGION | {"AWS_ENDPOINT_URL_DYNAMODB": "http://a:1/"}),
        (None, LOCAL, REGION | {"AWS_ENDPOINT_URL_DYNAMODB": "http://a:1"}),
        (None, None, REGION | {"AWS_ENDPOINT_URL_SQS": "http://a:1"}),
        (None, None, REGION | {"AWS_REGION": "us-east-1"}),
        (None, None, REGION | {"AWS_CA_BUNDLE": "/etc/ca.pem"}),
        (None, None, REGION | {"AWS_ACCOUNT_ID": "123456789012"}),
        (None, None, REGION | {"AWS_ACCOUNT_ID_ENDPOINT_MODE": "preferred"}),
    ],
)
def test_simple_settings_need_no_botocore_to_mean_the_same(
    monkeypatch: pytest.MonkeyPatch, region: str | None, url: str | None, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    fast, theirs = answers(region, url)
    assert fast == theirs


@pytest.mark.parametrize(
    ("region", "url", "variables"),
    [
        ("cn-north-1", None, {}),
        ("us-gov-west-1", None, {}),
        ("us-iso-east-1", None, {}),
        ("local", None, {}),
        ("fips-us-east-1", None, {}),
        (None, None, REGION | {"AWS_USE_FIPS_ENDPOINT": "true"}),
        (None, None, REGION | {"AWS_USE_DUALSTACK_ENDPOINT": "true"}),
        (
            None,
            None,
            REGION | {"AWS_ENDPOINT_URL": LOCAL, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        ),
    ],
)
def test_other_settings_are_left_to_botocore(
    monkeypatch: pytest.MonkeyPatch, region: str | None, url: str | None, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    fast, theirs = answers(region, url)
    assert fast is None
    assert theirs.region


def test_every_commercial_region_means_the_same() -> None:
    for region in Session().get_available_regions("dynamodb"):
        fast, theirs = answers(region, None)
        assert fast == theirs or (fast is None and region == "local")


def test_the_government_clouds_fips_endpoint_is_the_one_that_requests_go_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    found = endpoint_from_botocore("us-gov-west-1", None)
    assert found.host == "dynamodb.us-gov-west-1.amazonaws.com"


def test_the_endpoint_of_an_account_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCOUNT_ID", "123456789012")
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "required")
    assert endpoint_from_botocore("eu-west-1", None).host == "dynamodb.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("[default]\nregion = us-west-2\n", "https://dynamodb.us-west-2.amazonaws.com"),
        ("[default]\nregion = eu-west-1\nendpoint_url = http://h:1\n", "http://h:1"),
        (SERVICES, "http://h:2"),
        (
            "[default]\nregion = us-east-1\nuse_fips_endpoint = true\n",
            "https://dynamodb-fips.us-east-1.amazonaws.com",
        ),
    ],
)
async def test_the_configuration_file_counts(tmp_path: Path, config: str, expected: str) -> None:
    write_config(tmp_path, config)
    client = await DynamoDBClient.open()
    assert client.endpoint.url == expected


@pytest.mark.parametrize(
    "config",
    [
        "[default]\noutput = json\n",
        "[default]\nregion = us-west-2\n",
        "[default]\nendpoint_url = http://h:1\n",
        "[default]\nca_bundle = /etc/company.pem\n",
        "[profile other]\nregion = us-west-2\nendpoint_url = http://h:1\n",
    ],
)
@pytest.mark.parametrize("file", ["config", "credentials"])
def test_where_a_file_is_there_the_answer_is_still_the_same(
    tmp_path: Path, config: str, file: str
) -> None:
    write_config(tmp_path, config, file)
    fast, theirs = answers("eu-west-1", None)
    assert fast is None or fast == theirs


def test_a_named_profiles_region_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_config(tmp_path, "[profile work]\nregion = eu-north-1\nca_bundle = /etc/work.pem\n")
    monkeypatch.setenv("AWS_PROFILE", "work")
    fast, theirs = answers(None, None)
    assert fast is None
    assert (theirs.region, theirs.ca_bundle) == ("eu-north-1", "/etc/work.pem")


@pytest.mark.parametrize(
    ("variables", "settings", "problem"),
    [
        ({}, {}, "region.*AWS_DEFAULT_REGION"),
        ({"AWS_REGION": "eu-west-1"}, {}, "does not read AWS_REGION"),
        ({}, {"endpoint": LOCAL}, "no AWS region"),
        ({"AWS_PROFILE": "nobody"}, {"region": "eu-west-1"}, "nobody"),
        ({"AWS_DEFAULT_REGION": "not a region"}, {}, "not a region"),
        (REGION, {"endpoint": "localhost:8000"}, "no URL"),
        (REGION, {"endpoint": "http://h/path"}, "more than scheme, host and port"),
        (REGION | {"AWS_ENDPOINT_URL": "http://h:99999"}, {}, "no URL"),
        (REGION, {"endpoint": "https://dynamodb.eu-west-1.api.aws"}, "dual-stack"),
    ],
)
async def test_what_is_missing_or_wrong_is_said(
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    settings: dict[str, str],
    problem: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreMisconfigured, match=problem):
        await DynamoDBClient.open(WireSettings(**settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["http://user:password@h:1", "http://h?x=1", "http://h#x"])
def test_a_refused_endpoint_is_not_quoted(url: str) -> None:
    with pytest.raises(StoreMisconfigured) as raised:
        parse_endpoint(url, "eu-west-1")
    assert "password" not in raised.value.message


def test_the_host_header_has_a_port_only_where_it_is_not_the_schemes_own() -> None:
    assert parse_endpoint("https://h:443", "r").authority == "h"
    assert parse_endpoint("http://h:443", "r").authority == "h:443"
    assert parse_endpoint("http://[::1]:8000", "r").authority == "[::1]:8000"


def test_plain_settings_do_not_import_botocore(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from pannier_server.backends.dynamodb.wire.client import DynamoDBClient\n"
        "async def main():\n"
        "    client = await DynamoDBClient.open()\n"
        "    await client._credentials.fetch(asyncio.get_running_loop().time() + 5)\n"
        "asyncio.run(main())\n"
        "assert not [name for name in sys.modules if name.startswith(('boto', 'urllib3'))]\n"
    )
    environ = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    subprocess.run([sys.executable, "-c", script], env=environ, check=True, timeout=60)


def write_config(home: Path, text: str, file: str = "config") -> None:
    folder = home / ".aws"
    folder.mkdir()
    (folder / file).write_text(text)
