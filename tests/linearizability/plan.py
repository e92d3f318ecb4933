"""The trials that are made: briefly with each test run, and at length for the page."""

from collections.abc import Mapping, Sequence

from tests.faults.kinds import CONNECTION_FAULTS, REQUEST_FAULTS, THROTTLES, Fault
from tests.linearizability.trial import Store, Trial

# Shares of requests. A sidecar stops trying again where a tenth of them fails for long, and
# keeps to a lower rate after each throttle.
_RATES: Mapping[Fault, float] = {
    **dict.fromkeys(Fault, 0.06),
    **dict.fromkeys(THROTTLES, 0.04),
    **dict.fromkeys(CONNECTION_FAULTS, 0.2),
    Fault.NAME_UNRESOLVED: 0.2,
    Fault.EXPIRED: 0.01,
    Fault.SKEWED: 0.03,
    Fault.STALLED: 0.04,
}

_ON_CONNECTIONS = CONNECTION_FAULTS | {Fault.NAME_UNRESOLVED}

# All at once, each of them rarer. Credentials, TLS and DNS have trials of their own: they
# change how the sidecars are set up.
MIXED: Mapping[Fault, float] = {
    **dict.fromkeys(sorted(REQUEST_FAULTS - {Fault.EXPIRED}), 0.006),
    **dict.fromkeys((*sorted(THROTTLES), Fault.STALLED, Fault.SKEWED), 0.001),
}

# No stall: each costs a call four seconds. And all often enough to be seen in a brief trial.
_MIXED_BRIEFLY = dict.fromkeys(sorted(MIXED.keys() - {Fault.STALLED}), 0.006)


FEWEST_OF_A_FAULT = 100
"""Of each kind; some depend on the time, so that a fast machine needs more calls for them."""


def brief_trials() -> Sequence[Trial]:
    """Return one for each store, of some seconds."""
    return (
        Trial("memory", 2_000, Store.MEMORY),
        Trial("SQLite, two sidecars, kills", 2_000, Store.SQLITE, sidecars=2, kill_every=400),
        Trial(
            "DynamoDB, two sidecars, all faults, kills",
            2_000,
            rates=_MIXED_BRIEFLY,
            sidecars=2,
            kill_every=500,
        ),
    )


def trial_of(fault: Fault, operations: int, fewest_faults: int = 0) -> Trial:
    """Return the trial of one kind of fault."""
    return Trial(
        fault,
        operations,
        fewest_faults=fewest_faults,
        rates={fault: _RATES[fault]},
        requests_per_connection=5 if fault in _ON_CONNECTIONS else None,
        clients=24,
        seed=list(Fault).index(fault),
    )


def trial_of_mistake(mistake: str, seed: int) -> Trial:
    """Return the trial that has to find a mistake out."""
    return Trial(
        mistake,
        1_000,
        rates={Fault.LOST_ANSWER: 0.04, Fault.FAILED_AFTER: 0.04},
        seed=seed,
        mistake=mistake,
    )


def long_trials() -> Sequence[Trial]:
    """Return all of them: one for each kind of fault, and with all faults and kills."""
    return (
        *(trial_of(fault, 3_000, FEWEST_OF_A_FAULT) for fault in Fault),
        Trial("memory", 8_000, Store.MEMORY, clients=24),
        Trial("SQLite, kills", 8_000, Store.SQLITE, kill_every=90, clients=24, seed=2),
        Trial("SQLite, two sidecars, kills", 8_000, Store.SQLITE, sidecars=2, kill_every=300),
        Trial("DynamoDB, all faults, kills", 8_000, rates=MIXED, kill_every=400, clients=24),
        Trial(
            "DynamoDB, three sidecars, all faults, kills",
            14_000,
            rates=MIXED,
            sidecars=3,
            kill_every=400,
            clients=24,
            seed=3,
        ),
    )
