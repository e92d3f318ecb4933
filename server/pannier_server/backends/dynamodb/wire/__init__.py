"""The lean DynamoDB client: one signed HTTP/1.1 request after another, and its retries.

`client.DynamoDBClient` is the way in; `settings` says what can be set and `errors`
what a caller has to interpret itself. Nothing here knows the layout of a table.
"""
