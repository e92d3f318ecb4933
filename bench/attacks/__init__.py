"""Attacks on a gRPC server, and what another client's calls take meanwhile."""
