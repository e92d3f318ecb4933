"""Fuzzers of the transport: functions of a time budget and a seed that fail where it does.

``python -m tests.transport.fuzz --seconds 600`` runs them for longer than the tests do.
"""
