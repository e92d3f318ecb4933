"""Our transport passes h2spec, the conformance tests of HTTP/2 and HPACK."""

import html
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.transport.certificates import Certificates
from tests.transport.interop.processes import (
    HOST,
    listening_process,
    running_interop_server,
)
from tests.transport.peers import peer

# The program is built in the setup of the first test that needs it.
pytestmark = pytest.mark.timeout(700)

RUN_SECONDS = 300
FEWEST_CASES = 146
"""Fewer than this would mean that h2spec stopped on its way."""


@pytest.fixture(scope="module")
def h2spec() -> Path:
    return peer("h2spec")


@dataclass(frozen=True)
class Case:
    """One of h2spec's cases, and what it found wrong; "skipped" is wrong too."""

    name: str
    problem: str | None


def run_h2spec(h2spec: Path, port: int, report: Path, *arguments: str) -> Sequence[Case]:
    """Run the cases against a server, or those of the sections that are named."""
    where = [f"--host={HOST}", f"--port={port}", f"--junit-report={report}"]
    result = subprocess.run(
        [h2spec, "--strict", *where, *arguments],
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    if not report.exists():
        pytest.fail(f"h2spec wrote no report:\n{result.stdout[-2000:]}{result.stderr}")
    return [_read(case) for case in _parsed(report.read_text(errors="replace")).iter("testcase")]


def _parsed(report: str) -> ET.Element:
    """Parse a report, in which h2spec writes what it found just as it came."""
    found = re.compile(r"(<failure>|<error>)(.*?)(?=</failure>|</error>)", re.DOTALL)
    escaped = found.sub(lambda match: match[1] + html.escape(match[2], quote=False), report)
    return ET.fromstring(re.sub(r"[^\t\n\r -\ufffd]", "?", escaped))


def _read(case: ET.Element) -> Case:
    name = f"{case.get('package')}: {case.get('classname')}"
    if case.find("skipped") is not None:
        return Case(name, "skipped")
    for kind in ("failure", "error"):
        if (found := case.find(kind)) is not None:
            return Case(name, found.text or kind)
    return Case(name, None)


@pytest.mark.parametrize("tls", [False, True], ids=["clear", "tls"])
def test_every_case_passes(
    h2spec: Path, certificates: Certificates, tmp_path: Path, tls: bool
) -> None:
    with running_interop_server("h2", certificates if tls else None) as server:
        flags = ["--tls", "--insecure"] if tls else []
        cases = run_h2spec(h2spec, server.port, tmp_path / "report.xml", *flags)
    wrong = [case for case in cases if case.problem is not None]
    if wrong:
        pytest.fail("\n\n".join(f"{each.name}\n{each.problem}" for each in wrong), pytrace=False)
    assert len(cases) >= FEWEST_CASES


# grpc-go lets flow-control windows overflow, which RFC 9113, section 6.9.1 forbids.
def test_a_server_that_does_not_conform_is_found_out(h2spec: Path, tmp_path: Path) -> None:
    with listening_process([peer("grpc-go-echo"), "-listen", f"{HOST}:0"]) as port:
        sections = ["http2/6.7", "http2/6.9.1"]
        cases = run_h2spec(h2spec, port, tmp_path / "report.xml", "--timeout=1", *sections)
    failed = {case.name.partition(":")[0] for case in cases if case.problem is not None}
    assert failed == {"http2/6.9.1"}
    assert len(cases) == 7
