"""Waiting for somebody else's answer in slices, so that a frozen server costs one RPC timeout and never the whole wait.

Pure: the clients do the calls and the sleeping. One `Waiting` is one wait of one caller; not thread-safe.
"""

from ..results import Pending

# Of an RPC's timeout that the server may let a Get wait. It would answer 100 ms before the deadline in any case; a busy
# machine needs more than that to be in time.
_SHARE = 0.6

# A server that answers Pending at once and says to come back at once is asked a hundred times a second, not flat out.
_SHORTEST_PAUSE = 0.01


class Waiting:
    """How long the next slice may wait, until `wait` seconds from `now` are over, each RPC within `timeout`."""

    def __init__(self, wait: float, now: float, timeout: float):
        self._begin = now
        self._end = now + wait
        self._longest = timeout * _SHARE
        self._asked = False

    def next_slice(self, now: float) -> float | None:
        """Seconds that the server may let the next Get wait; None: the wait is over. The first is always asked."""
        remaining = self._end - now
        if self._asked and remaining <= 0:
            return None
        self._asked = True
        return min(max(remaining, 0.0), self._longest)

    def waited(self, now: float) -> float:
        """Seconds since the wait began, which a hit did not save."""
        return now - self._begin

    def pause(self, pending: Pending, now: float) -> float:
        """Seconds to sleep before the next slice: what the server says, never beyond the end of the wait."""
        return max(0.0, min(max(pending.retry_after, _SHORTEST_PAUSE), self._end - now))


class Features:
    """What the server can do, remembered for a minute: servers are upgraded under running clients.

    Thread-safe: one assignment.
    """

    _REMEMBERED = 60.0

    def __init__(self) -> None:
        self._known: tuple[frozenset[str], float] | None = None

    def known(self, now: float) -> frozenset[str] | None:
        """None: ask the server."""
        if self._known is None or now >= self._known[1]:
            return None
        return self._known[0]

    def learn(self, features: frozenset[str], now: float) -> frozenset[str]:
        self._known = (features, now + self._REMEMBERED)
        return features
