"""What an attack sent and what became of its connections."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.attacks.attack import Attack


@dataclass
class Tally:
    """Counts of one run of an attack.

    What counts as sent is what the kernel took; the server may have closed before reading
    it.

    Attributes:
        started: When it began, by the machine's monotonic clock.
        seconds: How long it ran.
        cpu_seconds: CPU time of the attacking process meanwhile.
        bytes_received: By the attacker.
        connections: How many were opened.
        reconnections: How many of them because the server had closed one.
        renewals: How many because the attack itself was through with one.
        ends: Why the server closed connections, as far as it said: "GOAWAY" and the error
            code's name, "closed", or the error of the socket.
    """

    started: float = 0.0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    opening_bytes: int = 0
    volley_bytes: int = 0
    bytes_received: int = 0
    connections: int = 0
    reconnections: int = 0
    renewals: int = 0
    ends: Counter[str] = field(default_factory=Counter)

    def report(self, attack: Attack) -> dict[str, Any]:
        """Return all counts as plain values, with the frames and streams that were sent."""
        frames = streams = 0
        for volley, size in (
            (attack.opening, self.opening_bytes),
            (attack.volley, self.volley_bytes),
        ):
            if volley.data:
                frames += volley.frames * size // len(volley.data)
                streams += volley.streams * size // len(volley.data)
        sent = {
            "bytes_sent": self.opening_bytes + self.volley_bytes,
            "frames_sent": frames,
            "streams_sent": streams,
        }
        return {**asdict(self), **sent, "ends": dict(self.ends)}
