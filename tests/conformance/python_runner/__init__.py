"""The conformance runner of the Python clients, synchronous and asyncio."""
