"""What the pages about deployments show and no test does, and what it would need.

A step that is marked as not run has to be on this list, so that none gets onto a page untested
and unnoticed. Each is looked at all the same: that AWS has the operation and takes the
arguments, and that the sidecar's own commands can be parsed (`test_shown_commands`).
"""

import re

import botocore.session
from botocore import xform_name

from tests.docs.command_lines import commands
from tests.docs.pages import ROOT, blocks, pages

_ACCOUNT = "it needs an AWS account"
_CLUSTER = "it needs a cluster"
_DOCKER = "it needs Docker"
_RUNTIME = "it needs a container runtime"

STEPS = {
    "deploy/compose/README.md": {
        "docker compose up": _DOCKER,
        "docker compose run": _DOCKER,
        "docker compose exec": _DOCKER,
    },
    "deploy/ecs/README.md": {
        ".venv/bin/pannier table create": _ACCOUNT,
        "aws iam create-role": _ACCOUNT,
        "aws iam put-role-policy": _ACCOUNT,
        "aws logs create-log-group": _ACCOUNT,
        "aws ecs register-task-definition": _ACCOUNT,
    },
    "deploy/kubernetes/README.md": {
        "kubectl apply -f": _CLUSTER,
        "aws eks create-pod-identity-association": _ACCOUNT,
    },
    "deploy/sam/README.md": {
        "sam deploy --guided": _ACCOUNT,
        "aws lambda invoke": _ACCOUNT,
    },
    "docs/containers.md": {
        "docker run --rm": f"{_RUNTIME}; the tests run the image's file system without one",
        "docker exec pannier": _RUNTIME,
        "cd deploy/compose": _DOCKER,
        "docker compose up": _DOCKER,
        "kubectl apply -f": _CLUSTER,
        "kubectl logs deployment/app-with-pannier": _CLUSTER,
        "kubectl exec deployment/app-with-pannier": _CLUSTER,
    },
    "docs/lambda.md": {
        "aws lambda publish-layer-version": _ACCOUNT,
        "aws lambda update-function-configuration": _ACCOUNT,
    },
}
"""By page: the first three words of each step, and the reason that its mark gives."""

# What the AWS command line has beside an operation's own arguments.
_ITS_OWN = {"cli-input-json", "zip-file"}

_HIDDEN = re.compile(
    r"^ +```|^ {5,}(\$ )?((\S*/)?pannier|aws|docker|kubectl|make|npm|sam) ", re.MULTILINE
)


def _steps(page: str) -> dict[str, str]:
    return {
        " ".join(command[:3]): block.not_run
        for block in blocks(ROOT / page)
        if block.is_commands and block.not_run
        for command in commands(block.text)
    }


def test_the_list_has_every_step_that_is_not_run() -> None:
    names = {str(page.relative_to(ROOT)) for page in pages()}
    deployments = {name for name in names if name.startswith("deploy/")} | STEPS.keys()
    assert {name: steps for name in deployments if (steps := _steps(name))} == STEPS


def test_no_step_hides_in_a_list() -> None:
    """The tests would take it for text."""
    hidden = {
        f"{page.relative_to(ROOT)}: {found[0].strip()}"
        for page in pages()
        for found in _HIDDEN.finditer(page.read_text())
    }
    assert hidden == set()


def test_aws_has_these_operations_and_takes_these_arguments() -> None:
    session = botocore.session.get_session()
    shown = [
        command
        for page in pages()
        for block in blocks(page)
        if block.is_commands
        for command in commands(block.text)
        if command[0] == "aws"
    ]
    assert len(shown) > 5
    for _, service, operation, *arguments in shown:
        model = session.get_service_model(service)
        named = {xform_name(name, "-"): name for name in model.operation_names}
        shape = model.operation_model(named[operation]).input_shape
        known = {xform_name(member, "-") for member in shape.members} if shape else set()
        given = {word.removeprefix("--") for word in arguments if word.startswith("--")}
        assert given <= known | _ITS_OWN, f"aws {service} {operation}"
