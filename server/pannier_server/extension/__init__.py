"""The sidecar as an external extension of AWS Lambda (``pannier lambda``).

Nothing is imported here: what a start needs first is loaded first.
"""
