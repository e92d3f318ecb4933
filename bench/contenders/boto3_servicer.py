"""The sidecar as one would write it in an afternoon: grpcio's thread pool and boto3.

It has Get and PutIfVersion only, for the same proto and the same rows, without etags,
expiry, request ids or typed errors.

Run as ``python -m bench.contenders.boto3_servicer HOST:PORT TABLE ENDPOINT``.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import grpc
from botocore.config import Config
from botocore.exceptions import ClientError

from pannier.v1 import storage_pb2, storage_pb2_grpc

THREADS = 16


class Boto3Servicer(storage_pb2_grpc.StorageBackendServicer):
    """Get and PutIfVersion over one boto3 client, which all threads share."""

    def __init__(self, table: str, endpoint: str) -> None:
        """Serve the rows of ``table`` at ``endpoint``."""
        self._table = table
        # Without this it would close connections for lack of places to keep them.
        config = Config(max_pool_connections=THREADS)
        self._dynamodb = boto3.client("dynamodb", endpoint_url=endpoint, config=config)

    def Get(  # noqa: N802 - the generated name
        self, request: storage_pb2.GetRequest, context: grpc.ServicerContext
    ) -> storage_pb2.GetResponse:
        """Read one row."""
        answer = self._dynamodb.get_item(
            TableName=self._table, Key=row_key(request.key), ConsistentRead=True
        )
        if "Item" not in answer:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such record")
        row = answer["Item"]
        data = row["data"]["S"].encode() if "S" in row["data"] else row["data"]["B"]
        version = int(row["version"]["N"])
        return storage_pb2.GetResponse(
            record=storage_pb2.Record(key=request.key, data=data, version=version)
        )

    def PutIfVersion(  # noqa: N802 - the generated name
        self, request: storage_pb2.PutIfVersionRequest, context: grpc.ServicerContext
    ) -> storage_pb2.PutIfVersionResponse:
        """Write one row over the expected version."""
        version = request.expected_version + 1
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=row_key(request.key),
                **update_over(request.expected_version, request.data.decode()),
            )
        except ClientError as error:
            context.abort(grpc.StatusCode.ABORTED, str(error))
        return storage_pb2.PutIfVersionResponse(version=version)


def update_over(expected_version: int, data: str) -> dict[str, Any]:
    """Return what UpdateItem takes to write ``data`` over a version only."""
    return {
        "UpdateExpression": "SET #v = :next, #d = :data",
        "ConditionExpression": "#v = :expected",
        "ExpressionAttributeNames": {"#v": "version", "#d": "data"},
        "ExpressionAttributeValues": {
            ":next": {"N": str(expected_version + 1)},
            ":expected": {"N": str(expected_version)},
            ":data": {"S": data},
        },
    }


def row_key(key: str) -> dict[str, dict[str, str]]:
    """Return the primary key of the row that holds ``key``."""
    owner, _, name = key.partition(":")
    return {"PK": {"S": f"OWNER#{owner}"}, "SK": {"S": f"TASK#{name}"}}


def serve(address: str, table: str, endpoint: str) -> None:
    """Serve on ``address`` until the process is ended."""
    server = grpc.server(ThreadPoolExecutor(THREADS))
    servicer = Boto3Servicer(table, endpoint)
    storage_pb2_grpc.add_StorageBackendServicer_to_server(  # type: ignore[no-untyped-call]
        servicer, server
    )
    server.add_insecure_port(address)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    serve(*sys.argv[1:])
