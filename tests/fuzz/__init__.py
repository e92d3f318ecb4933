"""Fuzzers of the whole sidecar: hostile requests, hostile rows, raw bytes on its socket."""
