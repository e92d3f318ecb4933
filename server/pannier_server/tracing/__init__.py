"""Traces with OpenTelemetry: a span for each call, and one for each attempt at the store.

OpenTelemetry is an extra of the distribution (``pannier-server[otel]``). Nothing of it is
imported, and nothing here is on the way of a call, unless ``--traces`` is given.
"""
