"""A client of metrics: asks for them, and reads both formats with their own parsers."""

import asyncio
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPResponse

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

SECONDS = 30
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@dataclass(frozen=True)
class Response:
    """An HTTP response, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Scrape:
    """What one scrape showed.

    Attributes:
        text: As it was sent.
        families: The metrics by the names of their families.
    """

    def __init__(self, response: Response) -> None:
        assert response.status == 200, response
        self.text = response.body.decode()
        is_openmetrics = response.headers["content-type"].startswith("application/openmetrics-text")
        families: Iterable[Metric] = (read_openmetrics if is_openmetrics else read_text)(self.text)
        self.families = {family.name: family for family in families}
        self._values = {
            (one.name, frozenset(one.labels.items())): one.value
            for family in self.families.values()
            for one in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """Return a sample's value; 0 where it is not there."""
        return self._values.get((name, frozenset(labels.items())), 0.0)

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of all samples of a name that have some labels."""
        return sum(
            value
            for (each, found), value in self._values.items()
            if each == name and labels.items() <= dict(found).items()
        )

    def samples(self) -> Mapping[tuple[str, frozenset[tuple[str, str]]], float]:
        """Return all samples by their names and labels."""
        return self._values

    def labels_of(self, name: str) -> set[frozenset[str]]:
        """Return which labels the samples of a name have."""
        return {
            frozenset(label for label, _ in found) for each, found in self._values if each == name
        }


def connect(address: str) -> socket.socket:
    """Connect to ``HOST:PORT`` or ``unix:PATH``."""
    if address.startswith("unix:"):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(SECONDS)
        connection.connect(address.removeprefix("unix:"))
        return connection
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), SECONDS)


def ask(
    address: str, target: str = "/metrics", *, method: str = "GET", accept: str = "*/*"
) -> Response:
    """Send a request and return the response."""
    with connect(address) as connection:
        head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n"
        connection.sendall(head.encode())
        return read_response(connection, method)


def read_response(connection: socket.socket, method: str = "GET") -> Response:
    """Return the response that comes on a connection."""
    with HTTPResponse(connection, method=method) as response:
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Response(response.status, headers, response.read())


def scrape(address: str, accept: str = "*/*") -> Scrape:
    """Return the metrics of a sidecar in another process."""
    return Scrape(ask(address, accept=accept))


async def scrape_here(address: object, accept: str = "*/*") -> Scrape:
    """Return the metrics of a sidecar in this process."""
    return await asyncio.to_thread(scrape, str(address), accept)


def scrape_until(address: str, name: str, at_least: float, **labels: str) -> Scrape:
    """Scrape until the samples of a name add up to a value."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found = scrape(address)
        if found.total(name, **labels) >= at_least:
            return found
    raise AssertionError(f"{name} {labels} stays below {at_least}: {found.text}")
