"""A table that takes fewer operations than are asked for, and what callers see of it."""
