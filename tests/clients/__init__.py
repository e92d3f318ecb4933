"""The clients in other languages, each by the commands of its own Makefile."""
