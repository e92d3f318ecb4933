"""DynamoDB engines for tests and benchmarks, fetched and started when they are needed.

`running_engine` (in `tests.engines.dynamodb_local`) starts DynamoDB Local, AWS's own
engine, or ministack where Java or npm is missing. `tests.engines.plugin` makes pytest
fixtures of it.
"""
