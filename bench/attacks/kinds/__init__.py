"""All attacks by name."""

from collections.abc import Callable, Mapping

from bench.attacks.attack import Attack, Target
from bench.attacks.kinds import crowds, floods, headers, loads, messages, resets, stalls

ATTACKS: Mapping[str, Callable[[Target], Attack]] = {
    make.__name__: make
    for module in (resets, floods, headers, stalls, messages, crowds, loads)
    for make in module.ATTACKS
}
