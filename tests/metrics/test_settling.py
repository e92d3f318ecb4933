"""Durations are put aside on the way of a call, and do not pile up."""

from pannier.v1 import storage_pb2 as pb
from pannier.v1 import storage_pb2_grpc
from pannier_server.app import running_sidecar
from pannier_server.config import Settings
from pannier_server.config.addresses import UnixAddress
from tests.sidecars import LOOPBACK, channel_to, eventually


async def test_durations_are_settled_though_nobody_scrapes(
    transport: str, endpoint: UnixAddress
) -> None:
    settings = Settings(
        store="memory:", listen=LOOPBACK, grace=1.0, transport=transport, metrics=endpoint
    )
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        assert sidecar.meters
        stub = storage_pb2_grpc.StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        for _ in range(3):
            await stub.Put(pb.PutRequest(key="o:n"))
        rpcs, operations = sidecar.meters.tallies
        tallies = [rpcs["Put"], operations["put"]]

        async def are_settled() -> bool:
            return not any(tally.aside for tally in tallies)

        await eventually(are_settled)
        assert [tally.ended for tally in tallies] == [3, 3]
