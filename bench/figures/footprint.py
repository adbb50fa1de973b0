"""Memory of the server process: idle, and beyond the payloads with 1,000 entries of 4 KiB."""

import threading
import time

from figures.measuring import Programs
from figures.report import Row

ENTRIES = 1000
PAYLOAD_BYTES = 4096
SETTLE_SECONDS = 1


def measure(programs: Programs):
    with programs.cache_server() as server:
        time.sleep(SETTLE_SECONDS)
        idle = server.resident_bytes()
        full = largest_while_full(programs, server)
    yield Row("footprint: idle process", idle / 2**20, "MiB", 40)
    beyond = full - idle - ENTRIES * PAYLOAD_BYTES
    yield Row("footprint: beyond idle and payloads, 1,000 entries of 4 KiB", beyond / 1e6, "MB", 10)


def largest_while_full(programs: Programs, server) -> int:
    """Resident bytes at their largest while the entries are stored and read, buffers of the connection included."""
    flags = ["--keyspace", str(ENTRIES), "--value-size", str(PAYLOAD_BYTES), "--ratio", "0:1", "--zipf", "0",
             "--connections", "1", "-c", "1", "-r", "1000", "-z", "3s"]
    failure = []

    def load() -> None:
        try:
            programs.loadtest(server.endpoint, *flags)
        except Exception as error:  # Raised again where it is seen.
            failure.append(error)

    programs.path("paracle-loadtest")
    thread = threading.Thread(target=load)
    thread.start()
    largest = 0
    while thread.is_alive():
        largest = max(largest, server.resident_bytes())
        time.sleep(0.05)
    if failure:
        raise failure[0]
    return largest
