"""Builds the sidecar with its own Python, for machines that have none, such as Lambda's."""
