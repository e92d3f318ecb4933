"""Store URLs that name an SQLite file."""
# ruff: noqa: ASYNC240 (nothing else runs in the loop)

from pathlib import Path

import pytest

from pannier_server.backends.registry import create_backend
from pannier_server.backends.store_url import StoreUrlError


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///var/lib/pannier.db", "/var/lib/pannier.db"),
        ("SQLITE:///var/lib/pannier.db", "/var/lib/pannier.db"),
        ("sqlite:/var/lib/pannier.db", "/var/lib/pannier.db"),
        ("sqlite:///var/lib/my%20records%3F.db", "/var/lib/my records?.db"),
        ("sqlite:pannier.db", str(Path.cwd() / "pannier.db")),
    ],
)
def test_a_url_names_a_file(url: str, file: str) -> None:
    assert create_backend(url).description == f"SQLite, {file}"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://pannier.db", "three slashes"),
        ("sqlite://var/lib/pannier.db", "three slashes"),
        ("sqlite::memory:", "write memory:"),
        ("sqlite:///var/lib/", "names no file"),
        ("sqlite:///var/lib/a%00b", "names no file"),
        ("sqlite:///pannier.db?mode=ro", "unknown option 'mode'; known: expiry_json_field"),
        ("sqlite:?expiryjsonfield=x", r"did you mean expiry_json_field\?"),
    ],
)
def test_a_url_that_names_no_file_is_refused_with_what_to_write(url: str, words: str) -> None:
    with pytest.raises(StoreUrlError, match=words):
        create_backend(url)


def test_the_expiry_field_of_a_url_is_carried() -> None:
    backend = create_backend("sqlite:///pannier.db?expiry_json_field=expiresAt")
    assert backend.expiry_json_field == "expiresAt"


async def test_a_file_name_may_hold_what_urls_treat_specially(tmp_path: Path) -> None:
    backend = create_backend(f"sqlite://{tmp_path}/a%3Fb%23c%25d e.db")
    await backend.open()
    await backend.close()
    assert [file.name for file in tmp_path.iterdir()] == ["a?b#c%d e.db"]
