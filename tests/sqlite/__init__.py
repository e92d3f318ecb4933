"""Tests of what only the SQLite backend owes; the contract suite has the rest."""
