"""Concurrent clients under faults and kills, and whether all that they were told fits together."""
