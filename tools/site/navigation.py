"""Which pages the site has, in the order in which a newcomer needs them."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

NAVIGATION: Mapping[str, Sequence[str]] = {
    "": ("docs/index.md",),
    "Start": ("docs/quick-start.md", "docs/concepts.md"),
    "Clients": (
        "docs/clients.md",
        "client/python/README.md",
        "client/go/README.md",
        "client/typescript/README.md",
        "client/java/README.md",
        "client/rust/README.md",
        "examples/tasks/README.md",
        "examples/approvals/README.md",
    ),
    "Run it": (
        "docs/operations.md",
        "docs/containers.md",
        "docs/lambda.md",
        "docs/security.md",
        "docs/doctor.md",
        "docs/metrics.md",
        "docs/logs.md",
        "docs/traces.md",
        "docs/moving-data.md",
        "docs/overload.md",
    ),
    "Reference": (
        "docs/reference/contract.md",
        "docs/reference/settings.md",
        "docs/reference/commands.md",
    ),
    "What it does and costs": ("docs/performance.md", "docs/reliability.md"),
    "How it is built": (
        "docs/architecture.md",
        "docs/supply-chain.md",
        "docs/development.md",
        "tests/conformance/README.md",
    ),
    "Decisions": ("docs/decisions/*.md",),
}
"""Files of the checkout under their headings; the first has none. A pattern stands for all."""

_TITLES = {
    "docs/index.md": "Pannier",
    "client/python/README.md": "Python",
    "client/go/README.md": "Go",
    "client/typescript/README.md": "TypeScript",
    "client/java/README.md": "Java",
    "client/rust/README.md": "Rust",
    "examples/tasks/README.md": "Example: tasks",
    "examples/approvals/README.md": "Example: approval requests",
}


def sources(checkout: Path) -> Mapping[str, Sequence[str]]:
    """Return the files under each heading, patterns resolved."""
    return {
        heading: [
            str(found.relative_to(checkout))
            for pattern in patterns
            for found in sorted(checkout.glob(pattern))
        ]
        for heading, patterns in NAVIGATION.items()
    }


def place(source: str) -> str:
    """Return where a file of the checkout stands on the site."""
    path = PurePosixPath(source)
    if path.parts[0] == "docs":
        return str(PurePosixPath(*path.parts[1:]))
    # The README of a folder is that folder's page: client/go/README.md is clients/go.md.
    top = {"client": "clients"}.get(path.parts[0], path.parts[0])
    return f"{PurePosixPath(top, *path.parts[1:-1])}.md"


def title(source: str, text: str) -> str:
    """Return what the navigation calls a page: a name of its own, or the page's heading."""
    heading = next(line for line in text.splitlines() if line.startswith("# "))
    return _TITLES.get(source, heading.removeprefix("# ").replace("`", ""))


def as_toml(headings: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """Return the navigation for the site's settings, from titles and places."""
    lines = ["nav = ["]
    for heading, entries in headings.items():
        pages = [f'{{ "{name}" = "{where}" }}' for name, where in entries]
        if heading:
            lines += [f'  {{ "{heading}" = [', *(f"    {page}," for page in pages), "  ] },"]
        else:
            lines += [f"  {page}," for page in pages]
    return "\n".join([*lines, "]"])
