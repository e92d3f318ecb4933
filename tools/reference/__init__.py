"""Writes docs/reference: the contract, the settings and the command line as pages.

They say what the contract, the parser and the settings themselves say.
"""
