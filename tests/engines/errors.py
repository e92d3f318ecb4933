"""What can keep an engine from running."""


class EngineUnavailable(Exception):
    """No engine can be had or started here; the message says why and what to do."""
