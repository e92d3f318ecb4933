"""Pannier: a gRPC sidecar that keeps versioned records in DynamoDB, SQLite or memory."""

__version__ = "0.1.0"
