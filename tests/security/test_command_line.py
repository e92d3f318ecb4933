"""The command line makes tokens, and reaches a sidecar that wants one, or certificates."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from pannier_server.cli.exit_codes import ExitCode
from pannier_server.security.auth_text import parse_auth_text
from pannier_server.security.identities import index_identities
from pannier_server.security.tokens import new_token
from tests.commands import run_command
from tests.security.auth_files import AuthFileOnDisk, Caller
from tests.security.client_certificates import issue
from tests.security.processes import LoggedSidecar, logged_sidecar
from tests.transport.certificates import Certificates

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``pannier``, and return its exit code, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        outcome = run_command(arguments, capfdbinary=capfdbinary, monkeypatch=monkeypatch)
        return outcome.code, outcome.text, outcome.errors

    return run


@pytest.fixture
def caller() -> Caller:
    return Caller("someone", [("demo", "read write")])


@pytest.fixture
def sidecar(
    auth_file: AuthFileOnDisk, caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LoggedSidecar]:
    """Run a sidecar that wants a token."""
    auth_file.write(caller)
    flags = ("--store=memory:", "--listen=127.0.0.1:0", f"--auth={auth_file}")
    with logged_sidecar(tmp_path / "output", *flags) as sidecar:
        monkeypatch.setenv("PANNIER_ADDRESS", sidecar.addresses[0])
        yield sidecar


def test_an_owner_that_no_key_has_gets_no_lines(run: Run) -> None:
    code, shown, errors = run("token", "new", "--owner", "billing:invoices")

    assert (code, shown) == (2, "")
    assert "argument --owner: an owner has no colon" in errors


def test_a_new_token_comes_with_the_lines_that_let_it_in(run: Run) -> None:
    code, shown, errors = run("token", "new", "--name", "Ÿ billing", "--owner", "bill*")
    token = re.findall(r"^pannier_\S+$", shown, re.MULTILINE)
    table = shown[shown.index("[[identity]]") :]

    assert (code, errors, len(token)) == (0, "", 1)
    identity = index_identities(parse_auth_text(table)).by_token(token[0])
    assert identity is not None
    assert identity.name == "Ÿ billing"
    assert identity.may_write("billing")
    assert not identity.may_clean_up("billing")


def test_the_lines_are_toml_also_where_nothing_is_named(run: Run) -> None:
    _, shown, _ = run("token", "new")

    assert tomllib.loads(shown[shown.index("[[identity]]") :])


def test_scripts_get_one_json_object(run: Run) -> None:
    _, first, _ = run("token", "new", "--json")
    _, second, _ = run("token", "new", "--json")

    assert json.loads(first).keys() == {"token", "token_sha256"}
    assert json.loads(first)["token"] != json.loads(second)["token"]


@pytest.mark.parametrize("name", ["", 'a"b', "a\\b", "a\nb"])
def test_a_name_that_needs_escapes_is_refused(run: Run, name: str) -> None:
    assert run("token", "new", "--name", name)[0] == ExitCode.USAGE


def test_a_token_in_the_environment_is_sent(
    run: Run, sidecar: LoggedSidecar, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANNIER_TOKEN", f"{caller.token}\n")

    assert run("put", "demo:n", "--data", "x")[0] == 0
    assert run("get", "demo:n")[:2] == (0, "x")


def test_a_token_in_a_file_is_sent_rather_than_that_in_the_environment(
    run: Run,
    sidecar: LoggedSidecar,
    caller: Caller,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PANNIER_TOKEN", new_token())
    file = tmp_path / "token"
    file.write_text(f"{caller.token}\n")

    assert run("put", "demo:n", "--data", "x", "--token-file", str(file))[0] == 0


def test_without_a_token_the_error_says_where_to_put_it(run: Run, sidecar: LoggedSidecar) -> None:
    code, _, errors = run("get", "demo:n")

    assert code == ExitCode.FAILED
    assert "PANNIER_TOKEN" in errors


def test_a_right_that_is_missing_is_said(
    run: Run, sidecar: LoggedSidecar, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANNIER_TOKEN", caller.token)

    code, _, errors = run("get", "other:n")

    assert code == ExitCode.FAILED
    assert "identity someone has no read rule" in errors
    assert caller.token not in errors


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "ünïcode", " "])
def test_what_cannot_be_a_token_is_not_sent_and_not_repeated(
    run: Run, sidecar: LoggedSidecar, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANNIER_TOKEN", token)

    code, _, errors = run("get", "demo:n")

    assert code == ExitCode.USAGE
    assert errors == "pannier: PANNIER_TOKEN holds no token; it is one line of letters and digits\n"


def test_health_needs_no_token(run: Run, sidecar: LoggedSidecar) -> None:
    assert run("health")[:2] == (0, "SERVING\n")


def test_mutual_tls_is_spoken_where_files_are_named(
    run: Run,
    auth_file: AuthFileOnDisk,
    certificates: Certificates,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    auth_file.write(Caller("x", [("demo", "write")], certificate=["dns:x.internal"], tokens=[]))
    authority = trustme.CA()
    client_ca = certificates.write("command-ca.pem", authority.cert_pem.bytes())
    key, cert = issue(authority, "dns:x.internal")
    own = (certificates.write("own.key", key), certificates.write("own.pem", cert))
    flags = (
        *("--store=memory:", "--listen=127.0.0.1:0", f"--auth={auth_file}"),
        *(f"--tls-cert={certificates.cert}", f"--tls-key={certificates.key}"),
        f"--tls-client-ca={client_ca}",
    )
    shown = ("--tls-ca", certificates.server_ca, "--tls-key", own[0], "--tls-cert", own[1])
    with logged_sidecar(tmp_path / "output", *flags) as sidecar:
        monkeypatch.setenv("PANNIER_ADDRESS", sidecar.addresses[0])
        assert run("put", "demo:n", "--data", "x", *shown)[0] == 0
        assert run("health", *shown)[:2] == (0, "SERVING\n")
        assert run("health", "--timeout", "3s")[0] == ExitCode.FAILED


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--tls-cert", "c"), ExitCode.USAGE, "--tls-cert and --tls-key go together"),
        (("--tls-cert", "c", "--tls-key", "k"), ExitCode.USAGE, "--tls-cert needs TLS; set --tls"),
        (("--tls-ca", "/absent"), ExitCode.FAILED, "cannot read /absent: No such file or"),
        (("--token-file", "/absent"), ExitCode.FAILED, "cannot read /absent: No such file or"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(
    run: Run, sidecar: LoggedSidecar, arguments: tuple[str, ...], code: ExitCode, says: str
) -> None:
    found, _, errors = run("get", "demo:n", *arguments)

    assert found == code
    assert errors.startswith(f"pannier: {says}")


def test_tls_is_not_for_unix_sockets(run: Run, tmp_path: Path) -> None:
    socket = f"unix:{tmp_path}/p.sock"
    with logged_sidecar(tmp_path / "output", "--store=memory:", f"--listen={socket}"):
        found, _, errors = run("get", "demo:n", "--address", socket, "--tls-ca", "/absent")

    assert found == ExitCode.USAGE
    assert "is a Unix socket, which is plain; leave it out" in errors
