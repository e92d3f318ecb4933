"""The sidecar with its own Python, on a machine that has nothing but a C library."""
