"""The stores that scenarios play on, and how a row in them is broken."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.engines.table import Table


class Store(Protocol):
    """A store of a sidecar, which keeps its records over a restart."""

    @property
    def url(self) -> str:
        """What ``pannier serve --store`` gets."""

    def corrupt(self, owner: str, name: str) -> None:
        """Make a row that is no record: it has no version."""


@dataclass(frozen=True, slots=True)
class SqliteStore:
    """A database in a file."""

    path: Path

    @property
    def url(self) -> str:
        """What ``pannier serve --store`` gets."""
        return f"sqlite://{self.path}"

    def corrupt(self, owner: str, name: str) -> None:
        """Make a row that is no record: it has no version."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute(
                "REPLACE INTO records (owner, name, data) VALUES (?, ?, ?)", (owner, name, b"data")
            )


@dataclass(frozen=True, slots=True)
class DynamoDBStore:
    """A table."""

    table: Table

    @property
    def url(self) -> str:
        """What ``pannier serve --store`` gets."""
        return self.table.store_url

    def corrupt(self, owner: str, name: str) -> None:
        """Make a row that is no record: it has no version."""
        self.table.client().put_item(
            TableName=self.table.name,
            Item={
                "PK": {"S": f"OWNER#{owner}"},
                "SK": {"S": f"TASK#{name}"},
                "data": {"S": "data"},
            },
        )
