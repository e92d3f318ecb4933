"""The kinds of fault that the proxy makes."""

from enum import StrEnum


class Fault(StrEnum):
    """What goes wrong with one request, or with one connection; the value is for people."""

    LOST_REQUEST = "request lost before it was done"
    LOST_ANSWER = "answer lost after the request was done"
    LATE_REQUEST = "request done late, its sender told nothing"
    FAILED_BEFORE = "500 instead of doing it"
    FAILED_AFTER = "500 after doing it"
    UNAVAILABLE = "503"
    THROTTLED_TABLE = "throttled: the table or one of its keys"
    THROTTLED_ACCOUNT = "throttled: the account or a key on demand"
    RESET = "reset in the middle of the answer"
    TRUNCATED = "answer cut short"
    CORRUPTED = "answer with flipped bits (x-amz-crc32)"
    SLOW = "answer in slow pieces"
    STALLED = "no answer on an open connection"
    EXPIRED = "credentials expired"
    SKEWED = "clock found wrong by the signature's date"
    CONNECTION_CUT = "connection closed as soon as it is made"
    TLS_BROKEN = "TLS handshake broken off"
    NAME_UNRESOLVED = "name not resolved (DNS)"


CONNECTION_FAULTS = frozenset({Fault.CONNECTION_CUT, Fault.TLS_BROKEN})
"""Those that meet a connection before it carries a request."""

REQUEST_FAULTS = frozenset(Fault) - CONNECTION_FAULTS - {Fault.NAME_UNRESOLVED}
"""Those that meet one request. A name is resolved before anything reaches the proxy."""

THROTTLES = frozenset({Fault.THROTTLED_TABLE, Fault.THROTTLED_ACCOUNT})
"""Those that say that the request was refused for its rate."""
