"""Pannier as an extension of Lambda, beside a stand-in of Lambda's Extensions API."""
