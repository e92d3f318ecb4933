"""deploy/iam: the policies are those of docs/security.md, which fit the calls that are made."""

import json
import re

from tests.deploy.checkers import DEPLOY
from tests.security.policies import operations, policy


def test_the_role_of_the_sidecar_may_do_what_the_documentation_says() -> None:
    document = json.loads((DEPLOY / "iam" / "serving.json").read_text())
    assert operations(document) == policy("Serving")


def test_its_table_is_the_one_of_the_deployments() -> None:
    document = json.loads((DEPLOY / "iam" / "serving.json").read_text())
    table = document["Statement"][0]["Resource"].rpartition("/")[2]
    named = {
        name
        for path in DEPLOY.rglob("*")
        if path.suffix in {".json", ".yaml", ".md"}
        for name in re.findall(r"dynamodb://([\w.-]+)", path.read_text())
    }
    assert named == {table}


def test_only_the_services_that_run_it_may_take_its_role() -> None:
    services = set()
    for path in (DEPLOY / "iam").glob("trust-*.json"):
        (statement,) = json.loads(path.read_text())["Statement"]
        assert statement["Condition"], f"{path.name}: other accounts could use the role"
        services.add(statement["Principal"]["Service"])
    assert services == {"ecs-tasks.amazonaws.com", "pods.eks.amazonaws.com"}


def test_every_file_that_a_page_of_deploy_links_to_is_there() -> None:
    missing = [
        f"{page.relative_to(DEPLOY)}: {target}"
        for page in DEPLOY.rglob("README.md")
        for target in re.findall(r"\]\(([^)#]+)", page.read_text())
        if not target.startswith("http") and not (page.parent / target).exists()
    ]
    assert missing == []
