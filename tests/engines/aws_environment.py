"""What tests let the AWS libraries see of this machine: nothing."""

import os
from collections.abc import Mapping

REGION = "us-east-1"

DUMMY_CREDENTIALS: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""Enough for a local engine, and no way to someone's real account."""


def isolate() -> None:
    """Replace all AWS settings in this process's environment, its children's too.

    A proxy stays for what needs it, but loopback goes without.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(DUMMY_CREDENTIALS)
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, ["127.0.0.1,localhost", os.environ.get(name)]))
