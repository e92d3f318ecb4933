"""Copying records out of a table and into it, with calls that serving never makes."""

from pannier_server.backends.dynamodb.transfer.transfer import DynamoDBTransfer

__all__ = ["DynamoDBTransfer"]
