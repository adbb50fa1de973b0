"""Raw stubs of the replicas, for asyncio."""

import grpc

from paracle_cache._proto import cache_pb2_grpc

_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    # Connections of its own, as those of another process.
    ("grpc.use_local_subchannel_pool", 1),
]


class Replicas:
    """A connection to each."""

    def __init__(self, addresses: list[str]):
        self._channels = [grpc.aio.insecure_channel(address, options=_OPTIONS) for address in addresses]
        self.stubs = [cache_pb2_grpc.CacheServiceStub(channel) for channel in self._channels]

    async def __aenter__(self) -> "Replicas":
        for channel in self._channels:
            await channel.channel_ready()
        return self

    async def __aexit__(self, *_) -> None:
        for channel in self._channels:
            await channel.close()
