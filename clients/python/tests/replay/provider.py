"""The HTTP server that stands for a provider."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .recorded import Pair


@dataclass
class Answer:
    """What the provider answers: each piece is one chunk on the wire."""

    pieces: list[bytes]
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    hold_before_last: threading.Event | None = None
    """The last piece waits for it."""
    break_off: bool = False
    """The connection is cut behind the last piece, and the body never ends."""

    @classmethod
    def of(cls, pair: Pair, piece_bytes: int = 1000) -> Answer:
        cut = range(0, len(pair.body), piece_bytes)
        headers = {"content-type": pair.content_type}
        return cls([pair.body[at : at + piece_bytes] for at in cut], pair.status, headers)


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


class Provider:
    """Gives every request `answer`, or what `answer_to` makes of its body. `received`: all requests so far."""

    def __init__(self) -> None:
        self.answer = Answer([b"{}"])
        self.answer_to: Callable[[bytes], Answer] | None = None
        self.received: list[Received] = []
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def calls(self) -> int:
        return len(self.received)

    @contextmanager
    def serving(self) -> Iterator[Provider]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # clients keep connections open

    def __init__(self, provider: Provider) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.provider = provider

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # readers that leave early are a part of the tests


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = (
            self.rfile.read(int(self.headers["content-length"])) if "content-length" in self.headers else b""
        )
        if self.headers.get("transfer-encoding") == "chunked":
            body = b"".join(iter(self._chunk, b""))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.provider.received.append(Received(self.path, headers, body))
        provider = self.server.provider
        self._play(provider.answer_to(body) if provider.answer_to else provider.answer)

    def do_GET(self) -> None:
        self.server.provider.received.append(Received(self.path, {}, b""))
        self._play(self.server.provider.answer)

    def log_message(self, *_: object) -> None:
        pass

    def _play(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for number, piece in enumerate(answer.pieces, start=1):
            if answer.hold_before_last and number == len(answer.pieces):
                answer.hold_before_last.wait(timeout=30)
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.flush()
        if answer.break_off:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline(), 16)
        piece = self.rfile.read(size)
        self.rfile.readline()
        return piece
