"""Credentials of the environment, as botocore reads them."""

from itertools import product

import pytest
from botocore.exceptions import PartialCredentialsError
from botocore.session import Session

from pannier_server.backends.dynamodb.wire.credentials import (
    Credentials,
    checked_credentials,
    credentials_from_environment,
)
from pannier_server.backends.errors import CredentialsMissing

VALUES: dict[str, tuple[str | None, ...]] = {
    "AWS_ACCESS_KEY_ID": (None, "", "AKID"),
    "AWS_SECRET_ACCESS_KEY": (None, "", "secret"),
    "AWS_SECURITY_TOKEN": (None, "", "old-token"),
    "AWS_SESSION_TOKEN": (None, "", "token"),
    "AWS_PROFILE": (None, "someone"),
}


@pytest.mark.usefixtures("clean_environ")
def test_every_combination_of_variables_means_what_it_means_to_botocore(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = Session()
    for values in product(*VALUES.values()):
        environ = {
            name: value for name, value in zip(VALUES, values, strict=True) if value is not None
        }
        for name in VALUES:
            monkeypatch.delenv(name, raising=False)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        provider = session.get_component("credential_provider").get_provider("env")
        try:
            theirs = provider.load()
        except PartialCredentialsError:
            with pytest.raises(CredentialsMissing, match="AWS_SECRET_ACCESS_KEY is not"):
                credentials_from_environment(environ)
            continue
        ours = credentials_from_environment(environ)
        if theirs is None:
            assert ours is None
        else:
            assert ours == Credentials(*theirs.get_frozen_credentials()[:3])


def test_credentials_that_expire_are_left_to_botocore() -> None:
    environ = {
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_CREDENTIAL_EXPIRATION": "2030-01-01T00:00:00Z",
    }
    assert credentials_from_environment(environ) is None


def test_no_secret_shows_in_the_repr() -> None:
    shown = repr(Credentials("AKID", "secret", "token"))
    assert not any(word in shown for word in ("AKID", "secret", "token"))


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        (("AKID\n", "secret", None), "access key id"),
        (("AKID", "secret\n", None), "secret access key"),
        (("AKID", " secret", None), "secret access key"),
        (("AKID", "secret", "to\r\nken"), "session token"),
        (("AKID", "sécret", None), "secret access key"),
    ],
)
def test_a_key_with_a_line_break_or_the_like_is_named_but_not_shown(
    keys: tuple[str, str, str | None], name: str
) -> None:
    with pytest.raises(CredentialsMissing, match=name) as raised:
        checked_credentials(*keys)
    assert "AKID" not in raised.value.message
