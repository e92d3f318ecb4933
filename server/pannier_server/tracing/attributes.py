"""The attributes of spans: OpenTelemetry's names where it has one, ours for the rest.

The names for gRPC are those of its semantic conventions up to 1.37, which tools know, with the
status as text beside them, which later ones have:
https://opentelemetry.io/docs/specs/semconv/rpc/. Those for stores are in both forms too:
https://opentelemetry.io/docs/specs/semconv/database/.

None of them is to hold a key, an owner, data or a token.
"""

from typing import Final

RPC_SYSTEM: Final = "rpc.system"
RPC_SERVICE: Final = "rpc.service"
RPC_METHOD: Final = "rpc.method"
RPC_GRPC_STATUS_CODE: Final = "rpc.grpc.status_code"
RPC_RESPONSE_STATUS_CODE: Final = "rpc.response.status_code"
NETWORK_TRANSPORT: Final = "network.transport"

DB_SYSTEM: Final = "db.system"
DB_SYSTEM_NAME: Final = "db.system.name"
DB_OPERATION_NAME: Final = "db.operation.name"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
CLOUD_REGION: Final = "cloud.region"
HTTP_RESPONSE_STATUS_CODE: Final = "http.response.status_code"
AWS_REQUEST_ID: Final = "aws.request_id"

ERROR_TYPE: Final = "error.type"

ERROR_REASON: Final = "pannier.error_reason"
"""Why a call failed, as ErrorInfo has it."""
WRITE_OUTCOME: Final = "pannier.write_outcome"
"""Whether a failed write may have been applied."""
ATTEMPT: Final = "pannier.attempt"
"""Which attempt at a request this is, from 1."""
