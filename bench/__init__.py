"""Load tests and what they compare the sidecar with (`make load`)."""
