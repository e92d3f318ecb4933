"""A sidecar that runs already, where clients of this environment would look for one."""

from pannier.addresses import ADDRESS_VARIABLE
from pannier_server import __version__
from pannier_server.doctor.answering import NoHealth, ask, is_listening, shows_own_certificate
from pannier_server.doctor.check import (
    Area,
    Check,
    Outcome,
    failed,
    in_thread,
    ok,
    skipped,
    warning,
)
from pannier_server.doctor.found import FoundSettings


def area(found: FoundSettings) -> Area:
    """Return the check of a running sidecar."""
    look = in_thread(lambda: _look(found))
    return Area(
        "Running sidecar",
        [Check("sidecar.health", "health", look, needs=("settings.values",), limit=10)],
    )


def _look(found: FoundSettings) -> Outcome:
    named = found.environ.get(ADDRESS_VARIABLE, "")
    address = named or str(found.settings.listen[0])
    facts: dict[str, object] = {"address": address, "named_by": ADDRESS_VARIABLE if named else None}
    try:
        listens = is_listening(address)
    except ValueError as error:
        return failed(
            f"{ADDRESS_VARIABLE}: {error}", f"correct {ADDRESS_VARIABLE}, or unset it", **facts
        )
    if not listens and named:
        return warning(
            f"nothing listens at {address}, where {ADDRESS_VARIABLE} sends clients",
            f"start one there with 'pannier serve', or correct {ADDRESS_VARIABLE}",
            **facts,
        )
    if not listens:
        return skipped(f"none runs at {address}", **facts)
    if shows_own_certificate(address, found.settings):
        return ok(
            f"one at {address} shows the certificate of these settings; 'pannier health' can "
            "ask it for its health",
            **facts,
        )
    return _health(address, facts)


def _health(address: str, facts: dict[str, object]) -> Outcome:
    try:
        answer = ask(address)
    except NoHealth as instead:
        return failed(
            f"what listens at {address} {instead} when asked for its health",
            "stop it if it is no sidecar of yours, or name another address; one with TLS is asked "
            "with 'pannier health --tls-ca FILE'",
            **facts,
        )
    facts |= {
        "health": answer.status,
        "version": answer.version or None,
        "transport": answer.transport or None,
    }
    if answer.status != "SERVING":
        return failed(
            f"the one at {address} runs, and is {answer.status}: its store does not answer",
            "its log says why; look at the store's checks below too",
            **facts,
        )
    if answer.version and answer.version != __version__:
        return warning(
            f"the one at {address} runs version {answer.version}, and {__version__} is installed",
            "restart it to run what is installed",
            **facts,
        )
    about = f", version {answer.version}, transport {answer.transport}" if answer.version else ""
    return ok(f"the one at {address} is serving{about}", **facts)
