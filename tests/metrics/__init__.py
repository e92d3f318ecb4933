"""Tests of metrics: what they say, what serves them, and the files that rest on their names."""
