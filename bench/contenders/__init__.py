"""Servers that the sidecar is measured against, in the same run."""
