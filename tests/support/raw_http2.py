"""Speaks just enough HTTP/2 to be a bad client: nothing of it waits for what a good one would wait for."""

import socket
import struct
from collections.abc import Iterator

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GET, SET = "/paracle.cache.v1.CacheService/Get", "/paracle.cache.v1.CacheService/Set"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def message(payload: bytes) -> bytes:
    """As gRPC frames it within DATA."""
    return message_prefix(len(payload)) + payload


def message_prefix(size: int) -> bytes:
    return b"\0" + struct.pack(">I", size)


def header(name: str, value: bytes) -> bytes:
    """A literal of HPACK that nobody is to remember, without Huffman coding."""
    return b"\0" + _integer(len(name)) + name.encode() + _integer(len(value)) + value


def call_headers(path: str, te: str = "trailers") -> bytes:
    fields = {":method": "POST", ":scheme": "http", ":path": path, ":authority": "localhost",
              "content-type": "application/grpc", "te": te}
    return b"".join(header(name, value.encode()) for name, value in fields.items())


def _integer(value: int) -> bytes:
    """With a prefix of seven bits."""
    if value < 127:
        return bytes([value])
    out, value = bytearray([127]), value - 127
    while value >= 128:
        out.append(value % 128 | 128)
        value //= 128
    return bytes([*out, value])


class Refused(Exception):
    """The server has hung up, or takes nothing any more."""


class RawHttp2:
    """One connection. It answers nothing of its own accord, no SETTINGS and no PING."""

    def __init__(self, address: str, receive_buffer: int | None = None, patience: float = 10):
        host, port = address.rsplit(":", 1)
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(patience)
        self.socket.connect((host, int(port)))
        self._next_stream = 1
        self._read = b""
        self.begun_headers = False  # Of a block that does not end, for whoever sends one.

    def greet(self, settings: bytes = b"") -> None:
        self.send(PREFACE + frame(SETTINGS, 0, 0, settings))

    def send(self, data: bytes) -> None:
        """Raises Refused."""
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Refused(str(error)) from None

    def drain(self) -> None:
        """Throws away what has come. Raises Refused."""
        patience = self.socket.gettimeout()
        self.socket.setblocking(False)
        try:
            while self.socket.recv(1 << 16):
                pass
        except BlockingIOError:
            return
        except OSError as error:
            raise Refused(str(error)) from None
        finally:
            self.socket.settimeout(patience)
        raise Refused("hung up")

    def new_stream(self) -> int:
        stream, self._next_stream = self._next_stream, self._next_stream + 2
        return stream

    def call(self, path: str, request: bytes) -> int:
        """A whole call; its stream."""
        stream = self.new_stream()
        self.send(frame(HEADERS, END_HEADERS, stream, call_headers(path))
                  + frame(DATA, END_STREAM, stream, message(request)))
        return stream

    def frames(self) -> Iterator[tuple[int, int, int, bytes]]:
        """Kind, flags, stream and payload of what comes, until the server hangs up or is silent for too long."""
        while True:
            while len(self._read) < 9 or len(self._read) < 9 + self._size():
                try:
                    more = self.socket.recv(1 << 16)
                except OSError:
                    return
                if not more:
                    return
                self._read += more
            size = self._size()
            kind, flags, stream = struct.unpack(">BBI", self._read[3:9])
            payload, self._read = self._read[9 : 9 + size], self._read[9 + size :]
            yield kind, flags, stream, payload

    def _size(self) -> int:
        return int.from_bytes(self._read[:3], "big")

    def await_frame(self, kind: int) -> bytes | None:
        """The payload of the next one; None: the server hung up, or is silent."""
        return next((payload for found, _, _, payload in self.frames() if found == kind), None)

    def hung_up(self) -> bool:
        """Reads what is still to come; False: silence."""
        try:
            while self.socket.recv(1 << 16):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> "RawHttp2":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
