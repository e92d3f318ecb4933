"""A long run at half of what a sidecar can do, with faults: nothing leaks, nothing is lost."""
