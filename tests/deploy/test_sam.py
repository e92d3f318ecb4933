"""deploy/sam: CloudFormation's linter takes it, and it fits what the sidecar needs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pannier_server.backends.dynamodb.layout import Layout, parse_dynamodb_url
from pannier_server.backends.store_url import parse_store_url
from pannier_server.extension.settings import extension_settings
from tests.deploy.checkers import DEPLOY, check, template
from tests.engines.cache import CHECKOUT
from tests.security.policies import policy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FILE = DEPLOY / "sam" / "template.yaml"


@pytest.fixture(scope="module")
def resources() -> Any:
    return template(FILE)["Resources"]


def test_the_linter_has_nothing_to_say() -> None:
    result = check("cfn-lint", "--regions", "eu-west-1", "us-east-1", "--template", FILE)
    assert (result.returncode, result.stdout) == (0, ""), result.stdout + result.stderr


def test_the_linter_finds_mistakes(tmp_path: Path) -> None:
    text = FILE.read_text()
    for right, wrong in [("BillingMode:", "Billing:"), ("!Ref PannierLayer", "!Ref Layer")]:
        assert right in text
        (tmp_path / "wrong.yaml").write_text(text.replace(right, wrong, 1))
        result = check("cfn-lint", "--template", tmp_path / "wrong.yaml")
        assert result.returncode != 0, wrong


def test_the_table_is_as_the_sidecar_needs_it_and_hard_to_lose(resources: Any) -> None:
    table, layout = resources["Table"], Layout()
    properties = table["Properties"]
    assert properties["KeySchema"] == [
        {"AttributeName": layout.partition_key, "KeyType": "HASH"},
        {"AttributeName": layout.sort_key, "KeyType": "RANGE"},
    ]
    assert {each["AttributeType"] for each in properties["AttributeDefinitions"]} == {"S"}
    ttl = properties["TimeToLiveSpecification"]
    assert (ttl["AttributeName"], ttl["Enabled"]) == (layout.expires_at, True)
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    recovery = properties["PointInTimeRecoverySpecification"]
    assert recovery == {"PointInTimeRecoveryEnabled": True}
    assert properties["DeletionProtectionEnabled"] is True
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"


def test_the_role_allows_the_calls_that_are_made_and_no_others(resources: Any) -> None:
    (inline,) = resources["Role"]["Properties"]["Policies"]
    (statement,) = inline["PolicyDocument"]["Statement"]
    assert {each.removeprefix("dynamodb:") for each in statement["Action"]} == policy("Serving")
    assert json.dumps(statement["Resource"]) == json.dumps({"Fn::GetAtt": ["Table", "Arn"]})


def test_the_extension_takes_its_settings_and_the_function_finds_it(resources: Any) -> None:
    variables = resources["Function"]["Properties"]["Environment"]["Variables"]
    store = variables["PANNIER_STORE"]["Fn::Sub"]
    filled = store.replace("${Table}", "Stack-Table-1A2B").replace("${AWS::Region}", "eu-west-1")
    settings = extension_settings({**variables, "PANNIER_STORE": filled})
    assert [str(address) for address in settings.listen] == [variables["PANNIER_ADDRESS"]]
    location = parse_dynamodb_url(parse_store_url(settings.store))
    assert (location.layout.table, location.region) == ("Stack-Table-1A2B", "eu-west-1")


def test_what_it_uploads_is_what_the_readme_builds(resources: Any) -> None:
    readme = (DEPLOY / "sam" / "README.md").read_text()
    function = resources["Function"]["Properties"]
    module = function["Handler"].partition(".")[0]
    code = (FILE.parent / function["CodeUri"]).resolve().relative_to(CHECKOUT)
    assert f"cp deploy/sam/function/{module}.py {code}/\n" in readme
    assert f"--target {code} " in readme
    assert (DEPLOY / "sam" / "function" / f"{module}.py").exists()
    assert function["Runtime"].removeprefix("python") in re.findall(
        r"--python-version (\S+)", readme
    )
    layer = resources["PannierLayer"]["Properties"]
    assert layer["CompatibleArchitectures"] == function["Architectures"] == ["x86_64"]
