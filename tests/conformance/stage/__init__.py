"""What scenarios play on: a sidecar, a fault proxy before it, and who obeys the runner."""
