"""What is committed fits every machine."""

import re

from tests.project.checkout import ROOT, committed_text_files

# Packages come from wherever each machine's own clients are set up to take them from. The names
# of a POM's XML schema look like an address and are none.
REGISTRY = re.compile(
    r"https?://(?!maven\.apache\.org/(POM|xsd)/)"
    r"[^/\s]*(registry|pypi|pythonhosted|npmjs|crates|maven|goproxy)",
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(r"(?<![\w.~*-])/(root|work|Users)/\w")


def _lines_that_match(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in committed_text_files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    assert _lines_that_match(REGISTRY) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert _lines_that_match(MACHINE_PATH) == []


def test_the_licence_is_the_one_that_the_distributions_declare() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
