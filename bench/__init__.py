"""Load tests and comparisons: `make load`, `make bench`, `make attack`."""
