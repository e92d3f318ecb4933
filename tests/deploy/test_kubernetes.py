"""deploy/kubernetes: its schemas take it, and it fits the image."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.checkers import DEPLOY, check, yaml_documents
from tests.deploy.images import GROUP, USER, check_health_command, check_shared_socket, settings_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FILES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
VERSIONS = ("1.29", "1.37")
"""The oldest in which native sidecars are on by default, and the newest that is known."""


@pytest.fixture(scope="module")
def deployment() -> Any:
    (document,) = yaml_documents(DEPLOY / "kubernetes" / "deployment.yaml")
    return document


@pytest.fixture(scope="module")
def pod(deployment: Any) -> Any:
    return deployment["spec"]["template"]["spec"]


def environment_of(container: Any) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in container["env"]}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_schemas_take_it(file: Path, version: str) -> None:
    result = check("kubernetes-validate", "--strict", "-k", version, file)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_schemas_find_mistakes(tmp_path: Path) -> None:
    text = (DEPLOY / "kubernetes" / "deployment.yaml").read_text()
    for right, wrong in [("mountPath", "mountpath"), ("fsGroup: 10001", "fsGroup: ten")]:
        assert right in text
        (tmp_path / "wrong.yaml").write_text(text.replace(right, wrong, 1))
        result = check("kubernetes-validate", "--strict", "-k", "1.29", tmp_path / "wrong.yaml")
        assert result.returncode != 0


def test_the_sidecar_is_a_native_one_with_settings_that_it_takes(pod: Any) -> None:
    (sidecar,) = pod["initContainers"]
    (application,) = pod["containers"]
    assert sidecar["restartPolicy"] == "Always"
    settings = settings_of(environment_of(sidecar), sidecar["args"])
    (mount,) = sidecar["volumeMounts"]
    assert mount in application["volumeMounts"]
    assert mount["name"] in {volume["name"] for volume in pod["volumes"]}
    address = environment_of(application)["PANNIER_ADDRESS"]
    check_shared_socket(settings, address, mount["mountPath"])
    assert settings.socket_group == GROUP == pod["securityContext"]["fsGroup"]
    assert settings.grace < pod["terminationGracePeriodSeconds"]


def test_the_probes_ask_for_what_they_stand_for(pod: Any) -> None:
    (sidecar,) = pod["initContainers"]
    probes = {name: sidecar[f"{name}Probe"] for name in ("startup", "readiness", "liveness")}
    for probe in probes.values():
        check_health_command(probe["exec"]["command"])
    alive = ["--service", ""]
    assert probes["liveness"]["exec"]["command"][-2:] == alive
    # A table that is away must not have anything restarted.
    assert probes["readiness"]["exec"]["command"][-2:] != alive
    assert probes["startup"]["exec"]["command"][-2:] != alive


def test_the_application_is_another_user_and_nobody_has_rights(pod: Any) -> None:
    (sidecar,) = pod["initContainers"]
    (application,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert sidecar["securityContext"]["runAsUser"] == USER
    assert sidecar["securityContext"]["runAsGroup"] == GROUP
    assert application["securityContext"]["runAsUser"] not in {0, USER}
    for container in (sidecar, application):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]


def test_the_names_are_the_same_everywhere(deployment: Any, pod: Any) -> None:
    (account,) = yaml_documents(DEPLOY / "kubernetes" / "serviceaccount.yaml")
    assert pod["serviceAccountName"] == account["metadata"]["name"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    readme = (DEPLOY / "kubernetes" / "README.md").read_text()
    assert f"--service-account {account['metadata']['name']} " in readme
    role = account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
    assert re.findall(r"--role-arn (\S+)", readme) == [role]
