"""What is in the log of a sidecar, and what writing it costs others."""
