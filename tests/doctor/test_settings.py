"""The settings and the files that they name: what is in force, from where, and what is wrong."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from pannier_server.backends.registry import create_backend
from pannier_server.doctor import Status
from pannier_server.doctor.certificates import validities
from tests.doctor.conftest import Diagnose
from tests.security.auth_files import AuthFileOnDisk, everything
from tests.security.client_certificates import issue


class TlsFiles:
    """A certificate and a key in files, as flags."""

    def __init__(self, folder: Path, expires_in: timedelta = timedelta(days=90)) -> None:
        key, certificate = issue(trustme.CA(), "dns:localhost", expires_in=expires_in)
        self.cert, self.key = folder / "server.pem", folder / "server.key"
        self.cert.write_bytes(certificate)
        self.key.write_bytes(key)
        self.key.chmod(0o600)
        self.flags = {
            "tls_cert": str(self.cert),
            "tls_key": str(self.key),
            "listen": ["127.0.0.1:0"],
        }


async def test_the_values_say_where_each_stands(
    diagnose: Diagnose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pannier.toml"
    file.write_text("grace = 3\nmax_calls = 7\n")
    monkeypatch.setenv("PANNIER_MAX_CALLS", "9")

    found = await diagnose(config=str(file))

    values = found["settings.values"]
    assert values.status is Status.OK
    assert values.facts["store"] == {"value": "memory:", "from": "--store"}
    assert values.facts["max_calls"] == {"value": "9", "from": "PANNIER_MAX_CALLS"}
    assert values.facts["grace"] == {"value": "3s", "from": f"grace in {file}"}
    assert values.facts["log_level"] == {"value": "info", "from": "default"}
    assert "store = memory: (--store)" in values.summary
    assert found["settings.file"].summary == f"{file} is read; it has 2 settings"
    json.dumps(dict(values.facts))


async def test_a_wrong_setting_is_named_and_the_store_still_looked_at(diagnose: Diagnose) -> None:
    found = await diagnose(workers="many")

    assert found["settings.values"].status is Status.FAILED
    assert "--workers" in found["settings.values"].summary
    assert "whole number" in found["settings.values"].summary
    assert found["settings.values"].fix
    assert found["listen.addresses"].status is Status.SKIPPED
    assert found["machine.workers"].status is Status.SKIPPED
    assert found["memory.kept"].status is Status.WARNING


async def test_a_settings_file_that_cannot_be_read_leaves_the_flags(
    diagnose: Diagnose, tmp_path: Path
) -> None:
    found = await diagnose(config=str(tmp_path / "absent.toml"))

    assert found["settings.file"].status is Status.FAILED
    assert "No such file or directory" in found["settings.file"].summary
    assert found["settings.file"].fix.startswith("name a TOML file")
    assert found["settings.values"].status is Status.SKIPPED
    assert "memory.kept" in found


async def test_without_the_settings_file_the_store_may_be_unknown(
    diagnose: Diagnose, tmp_path: Path
) -> None:
    found = await diagnose(store=None, config=str(tmp_path / "absent.toml"))

    assert found["settings.store"].status is Status.FAILED
    assert "--store" in found["settings.store"].fix
    assert not any(check.startswith(("sqlite.", "memory.")) for check in found)


async def test_a_settings_file_that_others_may_write_is_a_warning(
    diagnose: Diagnose, tmp_path: Path
) -> None:
    file = tmp_path / "pannier.toml"
    file.write_text("")
    file.chmod(0o666)

    found = (await diagnose(config=str(file)))["settings.file"]

    assert found.status is Status.WARNING
    assert found.fix == f"chmod go-w {file}"


@pytest.mark.parametrize("store", ["nothing:", "dynamodb://t", "sqlite://host/file.db"])
async def test_a_store_that_cannot_be_is_said(diagnose: Diagnose, store: str) -> None:
    found = await diagnose(store)

    assert found["settings.store"].status is Status.FAILED
    assert found["settings.store"].fix
    assert found["settings.limits"].status is Status.SKIPPED


async def test_a_password_in_a_url_is_never_shown(diagnose: Diagnose) -> None:
    found = await diagnose("nothing://someone:secret@host/place")

    shown = json.dumps([[o.summary, o.fix, dict(o.facts)] for o in found.values()])
    assert "secret" not in shown
    assert "//***@host" in shown


async def test_more_data_than_the_store_holds_fails(diagnose: Diagnose) -> None:
    found = await diagnose("dynamodb://tasks?region=nowhere", max_data_bytes="1MiB")

    assert found["settings.limits"].status is Status.FAILED
    assert "--max-data-bytes" in found["settings.limits"].summary
    assert "400000" in found["settings.limits"].fix


async def test_an_auth_file_is_counted(diagnose: Diagnose, tmp_path: Path) -> None:
    auth = AuthFileOnDisk(tmp_path)
    auth.write(everything("one"), everything("two"))

    found = (await diagnose(auth=str(auth)))["settings.auth"]

    assert (found.status, found.facts["identities"]) == (Status.OK, 2)


async def test_an_auth_file_that_is_wrong_says_where(diagnose: Diagnose, tmp_path: Path) -> None:
    auth = AuthFileOnDisk(tmp_path)
    auth.write_text("[[identity]]\nname = 3\n")

    found = (await diagnose(auth=str(auth)))["settings.auth"]

    assert found.status is Status.FAILED
    assert found.summary.startswith(f"--auth: {auth}")
    assert found.fix


async def test_an_auth_file_that_others_may_write_is_refused_with_the_command(
    diagnose: Diagnose, tmp_path: Path
) -> None:
    auth = AuthFileOnDisk(tmp_path)
    auth.write(everything())
    auth.path.chmod(0o666)

    found = (await diagnose(auth=str(auth)))["settings.auth"]

    assert found.status is Status.FAILED
    assert "chmod go-w" in found.summary + found.fix


async def test_tls_files_say_until_when_they_are_valid(diagnose: Diagnose, tmp_path: Path) -> None:
    found = (await diagnose(**TlsFiles(tmp_path).flags))["settings.tls"]

    end = datetime.now(UTC) + timedelta(days=90)
    assert found.status is Status.OK
    assert f"{end:%Y-%m-%d}" in found.summary


async def test_a_certificate_that_has_expired_fails(diagnose: Diagnose, tmp_path: Path) -> None:
    files = TlsFiles(tmp_path, timedelta(days=-2))

    found = (await diagnose(**files.flags))["settings.tls"]

    assert found.status is Status.FAILED
    assert "expired on" in found.summary
    assert found.fix.startswith("have it issued again")


async def test_a_certificate_that_expires_within_30_days_is_a_warning(
    diagnose: Diagnose, tmp_path: Path
) -> None:
    files = TlsFiles(tmp_path, timedelta(days=29, hours=12))

    found = (await diagnose(**files.flags))["settings.tls"]

    assert found.status is Status.WARNING
    assert "in 29 days" in found.summary
    assert found.fix.startswith("have it issued again")


async def test_a_key_that_others_may_read_is_a_warning_with_the_command(
    diagnose: Diagnose, tmp_path: Path
) -> None:
    files = TlsFiles(tmp_path)
    files.key.chmod(0o644)

    found = (await diagnose(**files.flags))["settings.tls"]

    assert found.status is Status.WARNING
    assert found.fix.startswith(f"chmod 600 {files.key}")


async def test_a_key_of_another_certificate_fails(diagnose: Diagnose, tmp_path: Path) -> None:
    files = TlsFiles(tmp_path)
    (tmp_path / "other").mkdir()
    os.replace(TlsFiles(tmp_path / "other").key, files.key)  # noqa: PTH105

    found = (await diagnose(**files.flags))["settings.tls"]

    assert found.status is Status.FAILED
    assert "is not the key of" in found.summary
    assert "--tls-key" in found.fix


@pytest.mark.parametrize("days", [-20_000, 1, 20_000])
def test_dates_are_read_as_the_cryptography_package_reads_them(days: int) -> None:
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    pem = b"".join(issue(trustme.CA(), "dns:a", expires_in=timedelta(days=days))[1:] * 2)

    first, second = validities(pem.decode())

    assert first == second
    assert abs(first.ends - end) < timedelta(seconds=5)
    assert first.starts < first.ends


def test_a_certificate_cut_short_is_told() -> None:
    _, pem = issue(trustme.CA(), "dns:a")
    lines = pem.decode().splitlines()

    with pytest.raises(ValueError, match="cut short"):
        validities("\n".join([lines[0], lines[1], lines[-1]]))


async def test_a_store_of_a_third_party_answers_for_itself(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("found", "settings", "other_store"):
        monkeypatch.setattr(
            f"pannier_server.doctor.{module}.create_backend", lambda _: create_backend("memory:")
        )

    found = await diagnose("theirs://place")

    assert found["store.answers"].status is Status.OK
    assert found["store.answers"].summary.endswith(" answers")
