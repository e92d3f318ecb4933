"""The contract suite and the stateful test, for each backend and again over gRPC."""
