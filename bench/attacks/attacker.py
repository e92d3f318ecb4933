"""One attack in a process of its own.

    python -m bench.attacks.attacker NAME HOST:PORT [--seconds 10] [--on-cue]

Prints one line of JSON at its end: what was sent, and the CPU time that it took. With
``--on-cue`` it prints ``ready`` when its bytes are made, and waits for a line of input.
"""

import argparse
import json

from bench.attacks import assault
from bench.attacks.attack import Target
from bench.attacks.cue import await_cue
from bench.attacks.kinds import ATTACKS

GET = "/pannier.v1.StorageBackend/Get"
SMALL_KEY = "attack:small"
LARGE_KEY = "attack:large"


def get_request(key: str) -> bytes:
    """Return the protobuf message ``GetRequest`` for a key shorter than 128 bytes."""
    encoded = key.encode()
    return bytes((0x0A, len(encoded))) + encoded


def target(address: str, path: str = GET, *, streams: int = Target.streams) -> Target:
    """Return what attacks on the sidecar at ``address`` call."""
    return Target(
        authority=address.encode(),
        path=path.encode(),
        small=get_request(SMALL_KEY),
        large=get_request(LARGE_KEY),
        streams=streams,
    )


def main() -> None:
    """Run the attack that the command line names."""
    options = _options()
    attack = ATTACKS[options.name](target(options.address, options.path))
    host, _, port = options.address.rpartition(":")
    if options.on_cue:
        await_cue()
    tally = assault.run(attack, (host, int(port)), options.seconds)
    print(json.dumps(tally.report(attack)), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", choices=ATTACKS, metavar="NAME", help=", ".join(ATTACKS))
    parser.add_argument("address", metavar="HOST:PORT")
    parser.add_argument("--seconds", type=float, default=10.0, help="default: %(default)s")
    parser.add_argument("--path", default=GET, help="/service/method to call; default: %(default)s")
    parser.add_argument("--on-cue", action="store_true", help="wait for a line of input")
    return parser.parse_args()


if __name__ == "__main__":
    main()
