"""A name server for one name, as a cluster has for a headless Service: the addresses of what is ready."""

import socket
import struct
import threading

NAME = "cache.test"
_QUERY, _A, _IN = 0x0100, 1, 1


class NameServer:
    """UDP on 127.0.0.1. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._addresses: list[str] = []
        self._queries = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def target(self, port: int) -> str:
        """What a client is given as its endpoint."""
        return f"dns://127.0.0.1:{self._socket.getsockname()[1]}/{NAME}:{port}"

    def add(self, address: str) -> None:
        with self._lock:
            self._addresses.append(address)

    def remove(self, address: str) -> None:
        with self._lock:
            self._addresses.remove(address)

    @property
    def queries(self) -> int:
        """For addresses, so far."""
        with self._lock:
            return self._queries

    def close(self) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def __enter__(self) -> "NameServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        while True:
            query, asker = self._socket.recvfrom(4096)
            if not query:
                return
            if len(query) > 12:
                self._socket.sendto(self._answer(query), asker)

    def _answer(self, query: bytes) -> bytes:
        """RFC 1035, section 4: the question again, and an A record for each address; none of other types."""
        identity, flags = struct.unpack_from("!HH", query)
        end = query.index(0, 12) + 5
        wanted = struct.unpack_from("!H", query, end - 4)[0]
        name = _name(query[12:end])
        with self._lock:
            addresses = self._addresses[:] if wanted == _A and name == NAME else []
            self._queries += bool(wanted == _A)
        unknown = 0 if name == NAME else 3
        header = struct.pack("!HHHHHH", identity, 0x8400 | (flags & _QUERY) | unknown, 1, len(addresses), 0, 0)
        record = struct.pack("!HHHIH", 0xC00C, _A, _IN, 0, 4)  # The name is the question's; it may not be kept.
        return header + query[12:end] + b"".join(record + socket.inet_aton(address) for address in addresses)


def _name(question: bytes) -> str:
    labels = []
    at = 0
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode("latin-1"))
        at += 1 + question[at]
    return ".".join(labels).lower()
