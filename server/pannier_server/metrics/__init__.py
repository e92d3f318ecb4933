"""Metrics for Prometheus: what is counted, how it is put together, and where it is served.

Calls are counted with plain numbers (`rpcs`, `store`), which processes hand on as samples;
what they are called and mean stands in `catalogue` alone. prometheus_client writes them
down (`exposition`), and is imported only where they are served.
"""
