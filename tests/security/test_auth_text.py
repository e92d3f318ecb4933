"""What is wrong with an auth file is said with its place and the fix, and never quoted."""

import pytest

from pannier_server.security.auth_text import AuthTextError, parse_auth_text
from pannier_server.security.identities import NameKind, index_identities
from pannier_server.security.tokens import new_token, token_digest
from tests.security.auth_files import Caller, everything, text_of

SECRET = "pannier_DoNotRepeatMeAnywhereAtAll"
DIGEST = "ab" * 32

PLAIN = f'[[identity]]\nname = "one"\ntoken_sha256 = ["{DIGEST}"]\n'


def refusal(text: str) -> str:
    with pytest.raises(AuthTextError) as caught:
        parse_auth_text(text)
    message = str(caught.value)
    assert "\n" not in message
    assert SECRET not in message
    return message


def test_a_whole_file_is_read() -> None:
    billing = Caller(
        "billing",
        [("billing tenant-*", "read write"), ("*", "cleanup")],
        certificate=["dns:billing.internal", "uri:spiffe://corp/billing", "cn:Billing"],
        uid=[1000, 0],
        tokens=[new_token(), new_token()],
    )

    known, other = parse_auth_text(text_of([billing, everything("other")]))

    assert other.identity.name == "other"
    assert known.tokens == {token_digest(token) for token in billing.tokens}
    assert known.users == {1000, 0}
    assert known.names == {
        (NameKind.DNS, "billing.internal"),
        (NameKind.URI, "spiffe://corp/billing"),
        (NameKind.COMMON_NAME, "Billing"),
    }
    identity = known.identity
    assert identity.may_read("billing")
    assert identity.may_write("tenant-7")
    assert not identity.may_read("other")
    assert identity.may_clean_up("other")
    assert identity.may_clean_up(None)


def test_an_empty_file_is_one_where_nobody_may_call() -> None:
    assert index_identities(parse_auth_text("")).count == 0


def test_an_identity_may_be_left_without_tokens_and_rights() -> None:
    (known,) = parse_auth_text('[[identity]]\nname = "x"\ntoken_sha256 = []\nallow = []\n')

    assert not known.tokens
    assert not known.identity.may_read("x")


def test_digests_may_be_written_in_upper_case() -> None:
    token = new_token()
    text = PLAIN.replace(DIGEST, token_digest(token).hex().upper()) + "allow = []"

    assert index_identities(parse_auth_text(text)).by_token(token)


def test_a_token_counts_only_where_its_whole_digest_is_known() -> None:
    token = new_token()
    digest = token_digest(token).hex()
    alike = PLAIN.replace(DIGEST, f"{digest[:-2]}{'00' if digest[-2:] != '00' else '01'}")
    known = PLAIN.replace("one", "two").replace(DIGEST, digest)

    assert index_identities(parse_auth_text(f"{alike}allow = []\n")).by_token(token) is None
    both = index_identities(parse_auth_text(f"{alike}allow = []\n{known}allow = []\n"))
    identity = both.by_token(token)
    assert identity is not None
    assert identity.name == "two"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"token = {SECRET}", "it is not valid TOML, at line 1, column 9"),
        (f"a = 1\n{SECRET}\n", "it is not valid TOML, at line 2, column "),
        (f"[{SECRET}]\n[{SECRET}]", "it is not valid TOML, at line 2"),
        ("identities = []", "the file: there is no key identities; did you mean identity?"),
        (f'{SECRET} = "x"', "the file: a key that is not known; there are identity"),
        ("identity = 1", "the file: identity is no list; write identity = [{ ... }]"),
        ("identity = [1]", "identity 1: it is no table; write [[identity]] above its keys"),
        ("[[identity]]", 'identity 1: it needs name = "..."'),
        ('[[identity]]\nname = ""', "identity 1: name is empty, longer than 100 characters, or"),
        ('[[identity]]\nname = "a\\nb"', "identity 1: name is empty, longer than 100 characters"),
        (
            '[[identity]]\nname = "x"\nallow = []',
            "identity 1 (x): nothing says how it is known; set token_sha256, certificate or uid",
        ),
        (PLAIN, "identity 1 (one): it has no rights; write allow = ["),
        (
            f'{PLAIN}tokens_sha256 = ["x"]',
            "identity 1: there is no key tokens_sha256; did you mean token_sha256?",
        ),
        (f"{PLAIN}allow = {{}}", "identity 1 (one): allow is no list; write allow = [{ ... }]"),
        (
            f'{PLAIN}allow = [{{ owners = ["a"] }}]',
            'identity 1 (one), allow 1: it needs both owners = ["..."] and actions = ["read"]',
        ),
        (
            f'{PLAIN}allow = [{{ owners = "a", actions = ["read"] }}]',
            'identity 1 (one), allow 1: owners is no list; write owners = ["..."]',
        ),
        (
            f'{PLAIN}allow = [{{ owners = [1], actions = ["read"] }}]',
            "identity 1 (one), allow 1: owners has something that is no text",
        ),
        (
            f'{PLAIN}allow = [{{ owners = ["a*b*"], actions = ["read"] }}]',
            "identity 1 (one), allow 1: a pattern has one * at most",
        ),
        (
            f'{PLAIN}allow = [{{ owners = ["a"], actions = ["reed"] }}]',
            "identity 1 (one), allow 1: an action that is not known; there are read, write, cle",
        ),
        (
            f'{PLAIN}allow = [{{ owners = ["a"], action = ["read"] }}]',
            "identity 1 (one), allow 1: there is no key action; did you mean actions?",
        ),
        (
            f'[[identity]]\nname = "x"\ntoken_sha256 = ["{SECRET}"]\nallow = []',
            "identity 1 (x): token_sha256 has something that is no SHA-256 of 64 hexadecimal",
        ),
        (
            f'[[identity]]\nname = "x"\ntoken_sha256 = "{SECRET}"\nallow = []',
            'identity 1 (x): token_sha256 is no list; write token_sha256 = ["..."]',
        ),
        (
            f'{PLAIN}allow = []\ncertificate = ["{SECRET}"]',
            "identity 1 (one): certificate has a name without its kind; write dns:NAME, uri:",
        ),
        (
            f'{PLAIN}allow = []\ncertificate = ["dns:"]',
            "identity 1 (one): certificate has a name without its kind",
        ),
        (f"{PLAIN}allow = []\nuid = [true]", "identity 1 (one): uid has something that is no wh"),
        (f"{PLAIN}allow = []\nuid = [-1]", "identity 1 (one): uid has a number that is no user's"),
        (f"{PLAIN}allow = []\nuid = [65534]", "identity 1 (one): uid has 65534, which stands for"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, says: str) -> None:
    assert refusal(text).startswith(says)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("token_sha256", f'["{DIGEST}"]'),
        ("certificate", '["dns:a"]'),
        ("uid", "[1]"),
    ],
)
def test_two_identities_cannot_show_the_same(key: str, value: str) -> None:
    text = "".join(
        f'[[identity]]\nname = "{name}"\n{key} = {value}\nallow = []\n' for name in ("one", "two")
    )

    assert refusal(text) == f"identity 2 (two): identity 1 has the same {key}; give each its own"


def test_two_identities_cannot_have_the_same_name() -> None:
    text = f"{Caller('one').text}{Caller('one').text}"

    assert refusal(text) == "identity 2 (one): identity 1 has the same name; give each its own"
