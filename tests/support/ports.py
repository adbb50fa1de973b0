"""A port that nobody listens on."""

import random
import socket


def free_port() -> int:
    """Below the range that Linux takes the ports of outgoing connections from, so that none of them is given it."""
    for port in random.sample(range(10_000, 20_000), 100):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port between 10000 and 20000")
