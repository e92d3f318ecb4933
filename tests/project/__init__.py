"""Tests of the project itself: what is committed, locked, built and documented."""
