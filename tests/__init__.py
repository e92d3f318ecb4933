"""Tests of the whole checkout, and what they share."""
