"""A network that can be cut, or loses messages: forwards connections to an address."""

import asyncio
import contextlib
import threading

_ACKNOWLEDGED_BY = 0.3  # Seconds.


class Forwarder:
    """Its own thread and event loop."""

    def __init__(self, address: str, deaf_to: bytes | None = None):
        """deaf_to: a connection on which that is sent there is given no answers any more, once it has had time for the
        first."""
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._deaf_to = deaf_to
        self._loop = asyncio.new_event_loop()
        self._links: set[_Connection] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._forward, "127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Without a word to either side but the reset; no connection is made any more."""
        self._run(self._cut())

    def __enter__(self) -> "Forwarder":
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._cut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _cut(self) -> None:
        self._server.close()
        ending = [link.cut() for link in self._links]
        await asyncio.gather(*ending, return_exceptions=True)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(self._host, self._port)
        link = _Connection(reader, writer, *there, self._deaf_to)
        self._links.add(link)
        await link.run()
        self._links.discard(link)


class _Connection:
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there_reader: asyncio.StreamReader,
        there_writer: asyncio.StreamWriter,
        deaf_to: bytes | None,
    ):
        self._here, self._there = (reader, writer), (there_reader, there_writer)
        self._deaf_to = deaf_to
        self._is_deaf = False
        self._ended = asyncio.Event()

    async def run(self) -> None:
        await asyncio.gather(self._pump(self._here[0], self._there[1], there=True),
                             self._pump(self._there[0], self._here[1], there=False))
        self._ended.set()

    async def cut(self) -> None:
        self._here[1].transport.abort()
        self._there[1].transport.abort()
        await self._ended.wait()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, there: bool) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                if there and self._deaf_to is not None and self._deaf_to in data.upper():
                    asyncio.get_running_loop().call_later(_ACKNOWLEDGED_BY, self._turn_deaf)
                # Answers to pings, which say that the connection lives, are no messages.
                if there or not self._is_deaf or b"PONG" in data.upper():
                    writer.write(data)
                    await writer.drain()
        writer.close()

    def _turn_deaf(self) -> None:
        self._is_deaf = True
