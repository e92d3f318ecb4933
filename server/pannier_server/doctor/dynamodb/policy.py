"""What IAM has to allow, in the words of a policy."""

import json

from pannier_server.backends.errors import AccessDenied, StorageError


def allow(action: str, resource: str) -> str:
    """Return what to do where one of DynamoDB's actions on a table is refused."""
    statement = {"Effect": "Allow", "Action": f"dynamodb:{action}", "Resource": resource}
    return (
        f"allow dynamodb:{action} to these credentials: add to a policy of theirs "
        f"{json.dumps(statement)}, and see that no other policy denies it"
    )


def is_about_a_right(error: StorageError, action: str) -> bool:
    """Tell a right that is missing from credentials that nobody has."""
    return isinstance(error, AccessDenied) and f"allow dynamodb:{action}" in error.message
