"""A provider of chat completions that come as events, in a process of its own; it counts its calls."""

import asyncio
import json

from ..support.worker import Link, Worker
from . import clocks

PATH = "/v1/chat/completions"
CHUNKS, PER_SECOND = 80, 20


class Provider:
    """The drill's end."""

    def __init__(self) -> None:
        self._worker = Worker(_serve)
        self.url = f"{self._worker.receive()}{PATH}"

    def calls(self) -> int:
        """So far. A call is counted when it comes."""
        self._worker.send("calls")
        return int(str(self._worker.receive()))

    def __enter__(self) -> "Provider":
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.kill()


def body_of(question: str) -> str:
    return json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": question}]})


def _serve(link: Link) -> None:
    asyncio.run(_Server().run(link))


class _Server:
    def __init__(self) -> None:
        self._calls = 0

    async def run(self, link: Link) -> None:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, backlog=256)
        link.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        while await link.areceive():
            link.send(self._calls)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _read_request(reader)
            self._calls += 1
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n"
                         b"transfer-encoding: chunked\r\n\r\n")
            await self._answer(writer, self._calls)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, call: int) -> None:
        began = clocks.now()
        for number in range(CHUNKS):
            await clocks.sleep_until(began + number / PER_SECOND)
            event = _event(f"call {call} chunk {number}; ", "stop" if number == CHUNKS - 1 else None)
            await _write(writer, f"data: {json.dumps(event)}\n\n")
        await _write(writer, "data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()


def _event(text: str, finish_reason: str | None) -> dict[str, object]:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish_reason}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


async def _write(writer: asyncio.StreamWriter, text: str) -> None:
    data = text.encode()
    writer.write(b"%x\r\n%s\r\n" % (len(data), data))
    await writer.drain()


async def _read_request(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    [length] = [line.partition(":")[2] for line in head.split("\r\n") if line.startswith("content-length:")]
    await reader.readexactly(int(length))
