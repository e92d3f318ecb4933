"""The six RPCs: check the request, call the backend, say what went wrong."""
