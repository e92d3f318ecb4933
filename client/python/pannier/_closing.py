"""Calls that are not made, or not finished, for reasons on this side. No I/O."""

import os

from pannier.errors import DeadlineExceeded, StoreClosed, WriteOutcome


def check_process(opened_by: int) -> None:
    """Refuse a store that another process opened.

    gRPC's threads and sockets do not survive a fork: a call on them would hang.

    Raises:
        RuntimeError: This process is not the one with the id ``opened_by``.
    """
    if os.getpid() != opened_by:
        raise RuntimeError(
            "this store was opened before a fork; call pannier.connect() in the child process"
        )


def already_closed() -> StoreClosed:
    """Return the error for an attempt on a closed store."""
    return StoreClosed("the store is closed", write_outcome=WriteOutcome.NOT_APPLIED)


def out_of_time() -> DeadlineExceeded:
    """Return the error for a call whose time was over before its first attempt."""
    return DeadlineExceeded(
        "the call's time was over before it was sent", write_outcome=WriteOutcome.NOT_APPLIED
    )


def closed_early() -> StoreClosed:
    """Return the error for a call that ran while the store was closed."""
    return StoreClosed("the store was closed while the call ran")
