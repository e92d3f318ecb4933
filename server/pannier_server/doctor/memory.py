"""The store in memory: nothing can be wrong with it, and nothing is kept."""

from pannier_server.config.options import flag_name
from pannier_server.doctor.check import Area, Check, Outcome, warning


def area() -> Area:
    """Return the one thing to say about it."""
    return Area("Store in memory", [Check("memory.kept", "kept records", _kept)])


async def _kept() -> Outcome:
    return warning(
        "none: records are in the sidecar's memory alone, and are gone when it stops",
        f"for records that stay, set {flag_name('store')} to sqlite: or dynamodb://table",
    )
