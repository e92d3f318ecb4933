"""deploy/ecs: the API's own model takes it, and it fits the image."""

import json
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from tests.deploy.checkers import DEPLOY
from tests.deploy.images import GROUP, USER, check_health_command, check_shared_socket, settings_of

FILE = DEPLOY / "ecs" / "task-definition.json"

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
FARGATE_SIZES = {"256": {512, 1024, 2048}, "512": set(range(1024, 4097, 1024))}


@pytest.fixture(scope="module")
def task() -> Any:
    return json.loads(FILE.read_text())


@pytest.fixture(scope="module")
def containers(task: Any) -> dict[str, Any]:
    return {container["name"]: container for container in task["containerDefinitions"]}


def mistakes_in(task: Any) -> str:
    service = botocore.session.get_session().get_service_model("ecs")
    shape = service.operation_model("RegisterTaskDefinition").input_shape
    assert shape is not None
    report: str = ParamValidator().validate(task, shape).generate_report()
    return report


def environment_of(container: Any) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in container["environment"]}


def test_the_api_takes_it(task: Any) -> None:
    assert mistakes_in(task) == ""


def test_the_api_finds_mistakes(task: Any) -> None:
    assert "readOnlyRoot" in mistakes_in({**task, "readOnlyRoot": True})
    assert "cpu" in mistakes_in({**task, "cpu": 512})


def test_fargate_has_this_size_and_the_containers_fit(task: Any) -> None:
    memory = int(task["memory"])
    assert memory in FARGATE_SIZES[task["cpu"]]
    assert sum(each.get("memory", 0) for each in task["containerDefinitions"]) < memory
    assert task["networkMode"] == "awsvpc"


def test_the_sidecar_takes_its_settings(task: Any, containers: dict[str, Any]) -> None:
    sidecar, application = containers["pannier"], containers["app"]
    settings = settings_of(environment_of(sidecar))
    assert settings.grace < sidecar["stopTimeout"]
    (mount,) = sidecar["mountPoints"]
    assert mount in application["mountPoints"]
    assert {"name": mount["sourceVolume"]} in task["volumes"]
    address = environment_of(application)["PANNIER_ADDRESS"]
    check_shared_socket(settings, address, mount["containerPath"])


def test_the_application_waits_until_the_sidecar_is_healthy(containers: dict[str, Any]) -> None:
    kind, *command = containers["pannier"]["healthCheck"]["command"]
    assert kind == "CMD"
    check_health_command(command)
    assert containers["app"]["dependsOn"] == [{"containerName": "pannier", "condition": "HEALTHY"}]


def test_the_application_is_another_user_in_the_sockets_group(containers: dict[str, Any]) -> None:
    assert containers["pannier"]["user"] == f"{USER}:{GROUP}"
    user, group = map(int, containers["app"]["user"].split(":"))
    assert user not in {0, USER}
    assert group == GROUP
    assert containers["pannier"]["readonlyRootFilesystem"] is True
    assert containers["pannier"]["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}


def test_the_readme_makes_the_role_the_table_and_the_log_that_it_names(task: Any) -> None:
    readme = (DEPLOY / "ecs" / "README.md").read_text()
    role = task["taskRoleArn"].rpartition("/")[2]
    assert f"create-role --role-name {role} " in readme
    assert f"put-role-policy --role-name {role} " in readme
    for container in task["containerDefinitions"]:
        group = container["logConfiguration"]["options"]["awslogs-group"]
        assert f"--log-group-name {group}\n" in readme
    (store,) = (
        each["value"]
        for container in task["containerDefinitions"]
        for each in container["environment"]
        if each["name"] == "PANNIER_STORE"
    )
    assert f"--store '{store}'" in readme
