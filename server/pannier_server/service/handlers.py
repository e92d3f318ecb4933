"""The six RPCs over a backend: each checks its request, makes one call, and answers."""

from collections.abc import AsyncGenerator

from pannier.v1 import storage_pb2 as pb
from pannier_server.backends.contract import PageRequest, StorageBackend, Write
from pannier_server.service import requests
from pannier_server.service.expiry import ExpiryRule, to_timestamp
from pannier_server.service.interface import CallContext
from pannier_server.service.messages import fill_record
from pannier_server.service.page_tokens import parse_page_token
from pannier_server.service.pages import STORE_PAGE_BYTES, Listing, stream_pages


class BackendHandlers:
    """`StorageHandlers` over a backend."""

    def __init__(self, backend: StorageBackend, *, max_data_bytes: int) -> None:
        """Take the backend and the largest data that a write may have."""
        self._backend = backend
        self._max_data_bytes = max_data_bytes
        self._expiry = ExpiryRule(backend.expiry_json_field)

    async def get(self, request: pb.GetRequest, context: CallContext) -> pb.GetResponse:
        """Read one record."""
        record = await self._backend.get(
            requests.parse_key(request.key),
            consistent=requests.is_consistent(request.consistency),
            call=context.store_call(),
        )
        response = pb.GetResponse()
        fill_record(response.record, record)
        return response

    async def put(self, request: pb.PutRequest, context: CallContext) -> pb.PutResponse:
        """Write one record whatever is there."""
        key = requests.parse_key(request.key)
        write = self._write(request)
        written = await self._backend.put(key, write, context.store_call())
        return pb.PutResponse(
            version=written.version,
            etag=written.etag,
            expire_time=to_timestamp(write.expires_at),
        )

    async def put_if_version(
        self, request: pb.PutIfVersionRequest, context: CallContext
    ) -> pb.PutIfVersionResponse:
        """Write one record over the expected version only."""
        key = requests.parse_key(request.key)
        expected_version = requests.check_expected_version(request.expected_version)
        etag = requests.check_etag(request.etag, expected_version)
        write = self._write(request)
        written = await self._backend.put_if_version(
            key, write, expected_version=expected_version, etag=etag, call=context.store_call()
        )
        return pb.PutIfVersionResponse(
            version=written.version,
            etag=written.etag,
            expire_time=to_timestamp(write.expires_at),
        )

    async def delete(self, request: pb.DeleteRequest, context: CallContext) -> pb.DeleteResponse:
        """Delete one record."""
        key = requests.parse_key(request.key)
        expected_version = requests.check_optional_expected_version(request)
        deleted = await self._backend.delete(
            key,
            expected_version=expected_version,
            etag=requests.check_etag(request.etag, expected_version),
            call=context.store_call(),
        )
        return pb.DeleteResponse(deleted=deleted)

    def list_by_prefix(
        self, request: pb.ListByPrefixRequest, context: CallContext
    ) -> AsyncGenerator[pb.ListByPrefixResponse, None]:
        """Stream the records under a prefix as pages."""
        prefix = requests.parse_prefix(request.prefix)
        descending = requests.is_descending(request.order)
        first = PageRequest(
            prefix=prefix,
            after=parse_page_token(request.page_token, prefix, descending=descending),
            descending=descending,
            max_rows=requests.check_page_size(request.page_size),
            max_bytes=STORE_PAGE_BYTES,
            consistent=requests.is_consistent(request.consistency),
        )
        listing = Listing(first, limit=request.limit, keys_only=request.keys_only)
        return stream_pages(self._backend, listing, context)

    async def cleanup_expired(
        self, request: pb.CleanupExpiredRequest, context: CallContext
    ) -> pb.CleanupExpiredResponse:
        """Remove expired records."""
        prefix = requests.parse_prefix(request.prefix) if request.prefix else None
        cleaned = await self._backend.cleanup_expired(
            prefix,
            limit=requests.check_cleanup_limit(request.limit),
            call=context.store_call(),
        )
        return pb.CleanupExpiredResponse(removed=cleaned.removed, more=cleaned.more)

    def _write(self, request: pb.PutRequest | pb.PutIfVersionRequest) -> Write:
        return Write(
            data=requests.check_data(request.data, self._max_data_bytes),
            expires_at=self._expiry.resolve(request),
            write_id=requests.parse_request_id(request.request_id),
        )
