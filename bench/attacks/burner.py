"""A plain process that uses a share of a core and nothing else.

    python -m bench.attacks.burner SHARE [--seconds 10] [--on-cue]

Where the machine is too busy to give it its share at once, it makes up for it later. Its
command line and its output are like the attacker's.
"""

import argparse
import json
import time

from bench.attacks.cue import await_cue

TURN = 0.004
"""Seconds in which it uses its share, and then sleeps."""


def burn(share: float, seconds: float) -> dict[str, float]:
    """Use a share of a core for so long; return the time that it took and the CPU time."""
    started, cpu = time.monotonic(), time.process_time()
    turn = 0
    while (now := time.monotonic()) < started + seconds:
        due = started + turn * TURN
        if now < due:
            time.sleep(due - now)
        turn += 1
        while time.process_time() - cpu < share * TURN * turn:
            if time.monotonic() > started + seconds:
                break
    return {
        "started": started,
        "seconds": time.monotonic() - started,
        "cpu_seconds": time.process_time() - cpu,
    }


def main() -> None:
    """Burn as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("share", type=float, metavar="SHARE", help="of one core, 0 to 1")
    parser.add_argument("--seconds", type=float, default=10.0, help="default: %(default)s")
    parser.add_argument("--on-cue", action="store_true", help="wait for a line of input")
    options = parser.parse_args()
    if options.on_cue:
        await_cue()
    print(json.dumps(burn(options.share, options.seconds)))


if __name__ == "__main__":
    main()
