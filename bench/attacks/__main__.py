"""Attacks the sidecar's transports while another client's calls are measured.

Run by ``make attack``. For each attack it measures a client's latency on our transport and
on grpc.aio under it, and on our transport beside a process that burns as much CPU as the
attacker did. It prints a table and keeps all figures in .cache/bench/attacks.json.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from bench.attacks import figures, phases
from bench.attacks.figures import Assailant, Phase, Row, Side
from bench.attacks.kinds import ATTACKS
from bench.attacks.report import table
from bench.servers import ServerFailed

SHARE_STEP = 0.1
"""Attackers whose shares of a core round to the same are compared with one plain process."""
FRESH_SECONDS = 120.0
"""After so long a comparison is measured again, since the machine may have changed."""
PHASE_OVERHEAD_SECONDS = 4.5


class Comparisons:
    """The victim beside plain processes, measured when first needed."""

    def __init__(self, transport: str, seconds: float) -> None:
        """Measure on ``transport``, for so long each."""
        self._transport = transport
        self._seconds = seconds
        self._measured: dict[int, tuple[float, Phase]] = {}

    def beside(self, share: float) -> tuple[float, Phase]:
        """Return a share of a core near ``share``, and the phase beside it."""
        step = round(min(share, 1.0) / SHARE_STEP)
        used = step * SHARE_STEP
        measured_at, phase = self._measured.get(step, (0.0, None))
        if phase is None or time.monotonic() - measured_at > FRESH_SECONDS:
            phase = phases.beside_a_burner(self._transport, used, self._seconds)
            self._measured[step] = (time.monotonic(), phase)
        return used, phase


def main() -> int:
    """Run the attacks; return 1 where a ratio is above the limit."""
    options = _options()
    if not sys.platform.startswith("linux"):
        sys.exit("The attacks read memory and CPU times from Linux's /proc; run them on Linux.")
    names = options.only
    sides = 1 + (options.theirs != "none")
    minutes = len(names) * sides * (options.seconds + PHASE_OVERHEAD_SECONDS) / 60
    _say(f"{len(names)} attacks of {options.seconds:g} s: about {minutes + 2:.0f} minutes")
    comparisons = Comparisons(options.ours, options.seconds)
    rows: list[Row] = []
    try:
        for name in names:
            rows.append(_compare(name, options, comparisons))
            _say(_line(rows[-1]))
            figures.save(rows)
    except (ServerFailed, phases.PhaseFailed) as problem:
        sys.exit(str(problem))
    print(f"\n{table(rows)}\n")
    return _conclude(rows, options.max_ratio)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make attack", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="of each; default: %(default)s")
    parser.add_argument(
        "--only",
        type=_names,
        default=list(ATTACKS),
        metavar="NAME,...",
        help=f"default: all of {', '.join(ATTACKS)}",
    )
    parser.add_argument("--ours", default="h2", metavar="TRANSPORT", help="default: %(default)s")
    parser.add_argument(
        "--theirs", default="grpcio", metavar="TRANSPORT", help="or none; default: %(default)s"
    )
    parser.add_argument(
        "--max-ratio",
        type=float,
        default=float("inf"),
        help="fail where the victim's p99 is more than this many times that of the comparison",
    )
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in ATTACKS:
            raise argparse.ArgumentTypeError(f"no attack is called {name}")
    return names


def _compare(name: str, options: argparse.Namespace, comparisons: Comparisons) -> Row:
    ours = _side(options.ours, name, options.seconds)
    theirs = None if options.theirs == "none" else _side(options.theirs, name, options.seconds)
    share, beside = comparisons.beside(ours.attacker.share)
    return Row(
        attack=name,
        purpose=(ATTACKS[name].__doc__ or "").partition("\n")[0],
        seconds=options.seconds,
        quiet=comparisons.beside(0.0)[1],
        beside=beside,
        beside_share=share,
        ours=ours,
        theirs=theirs,
    )


def _side(transport: str, name: str, seconds: float) -> Side:
    phase, report = phases.under_attack(transport, name, seconds)
    return Side(transport, Assailant.of(report), phase)


def _line(row: Row) -> str:
    p99 = row.ours.phase.steady.p99 * 1e3
    verdict = f"MISSED: {', '.join(row.missed)}" if row.missed else "met"
    return f"{row.attack}: p99 {p99:.2f} ms, {row.ratio:.1f} of the comparison's; {verdict}"


def _conclude(rows: Sequence[Row], max_ratio: float) -> int:
    missed = [row for row in rows if row.missed]
    print(f"{len(rows) - len(missed)} of {len(rows)} attacks met all goals.")
    for row in missed:
        errors = [f"{count} {what}" for what, count in row.ours.phase.errors.items()]
        print(f"{row.attack}: {', '.join([*row.missed, *errors])}")
    return int(any(row.ratio > max_ratio for row in rows))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
