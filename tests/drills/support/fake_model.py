"""A model that counts: a process of its own that answers {"key": K} with {"call": N, "key": K}, N from 1 for each key.

An answer takes 200 ms, or the `seconds` that the request says.
"""

import asyncio
import collections
import dataclasses
import json
import time
import urllib.request

from .worker import Link, Worker

SECONDS = 0.2  # Of one answer.


@dataclasses.dataclass(frozen=True)
class Call:
    key: str
    at: float  # When it came, by time.monotonic.
    caller: str  # The user agent.


class FakeModel:
    """The drill's end. A call is counted when it comes, so that a killed caller's counts."""

    def __init__(self) -> None:
        self._worker = Worker(_serve)
        self.url = str(self._worker.receive())

    def calls(self) -> list[Call]:
        """Those since the last time."""
        self._worker.send("calls")
        return [Call(*fields) for fields in self._worker.receive()]  # type: ignore[attr-defined]

    def __enter__(self) -> "FakeModel":
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.kill()


def ask(url: str, key: str, caller: str, seconds: float = SECONDS) -> dict[str, object]:
    body = json.dumps({"key": key, "seconds": seconds}).encode()
    request = urllib.request.Request(url, body, {"user-agent": caller, "content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=seconds + 60) as response:
        return json.load(response)


async def aask(url: str, key: str, caller: str, seconds: float = SECONDS) -> dict[str, object]:
    """For asyncio, without a thread for each call."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        body = json.dumps({"key": key, "seconds": seconds}).encode()
        writer.write(_message("POST / HTTP/1.1", body, f"host: {host}", f"user-agent: {caller}", "connection: close"))
        _, _, answer = await _read_message(reader)
        return json.loads(answer)
    finally:
        writer.close()


def _serve(link: Link) -> None:
    asyncio.run(_Server().run(link))


class _Server:
    def __init__(self) -> None:
        self._counts: collections.Counter[str] = collections.Counter()
        self._calls: list[tuple[str, float, str]] = []

    async def run(self, link: Link) -> None:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, backlog=1024)
        link.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        while await link.areceive():
            calls, self._calls = self._calls, []
            link.send(calls)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                _, headers, body = await _read_message(reader)
                asked = json.loads(body)
                key = asked["key"]
                self._counts[key] += 1
                answer = {"call": self._counts[key], "key": key}
                self._calls.append((key, time.monotonic(), headers.get("user-agent", "")))
                await asyncio.sleep(asked.get("seconds", SECONDS))
                text = json.dumps(answer, separators=(",", ":")).encode()
                writer.write(_message("HTTP/1.1 200 OK", text))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def _message(first: str, body: bytes, *headers: str) -> bytes:
    lines = [first, "content-type: application/json", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _read_message(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return first, headers, await reader.readexactly(int(headers["content-length"]))
