"""The asyncio part: connections, calls and their handlers, the server."""
