"""Moving records between stores: the file format, and what writes and reads it.

docs/moving-data.md describes the format exactly.
"""
