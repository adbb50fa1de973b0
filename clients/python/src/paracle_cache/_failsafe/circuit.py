"""When to stop asking a cache that does not answer, and when to ask again. Pure: no thread, no lock, no RPC.

    closed --three failures in a row--> open --a health check that answers SERVING--> closed

Calls take a ticket and give it back with their result. A ticket of before the last opening or closing counts for
nothing, so calls that were in flight then neither open the circuit again nor reset what was counted since.

A service that is healthy and yet answers no call (it does not know our token) opens it again and again: each time
without an answer in between, the first probe waits twice as long.
"""

import time
from collections.abc import Callable

FAILURES_TO_OPEN = 3
PROBE_INTERVAL = 0.5  # Seconds, ± 20 %: many clients must not ask a server that comes back all at once.
LONGEST_PROBE_INTERVAL = 10.0  # Seconds, ± 20 %.


class Circuit:
    """Not thread-safe but for `admit`, which is one read; its owner holds a lock around the others."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._opened_at: float | None = None
        self._ticket: int | None = 1
        self._last_ticket = 1
        self.failures = 0
        self.openings = 0  # Since the last answer.

    @property
    def is_open(self) -> bool:
        return self._ticket is None

    def admit(self) -> int | None:
        """A ticket for one call; None: do not call."""
        return self._ticket

    def succeeded(self, ticket: int) -> None:
        if ticket == self._ticket:
            self.failures = self.openings = 0

    def failed(self, ticket: int) -> bool:
        """True when this failure opened the circuit: its owner begins to probe."""
        if ticket != self._ticket:
            return False
        self.failures += 1
        if self.failures < FAILURES_TO_OPEN:
            return False
        self.open()
        return True

    def open(self) -> None:
        self.openings += 1
        self._ticket = None
        self._opened_at = self._clock()

    def close(self) -> float:
        """After a probe that answered SERVING; the seconds that the circuit was open."""
        opened_at = self._clock() if self._opened_at is None else self._opened_at
        self._last_ticket += 1
        self._ticket = self._last_ticket
        self._opened_at = None
        self.failures = 0
        return self._clock() - opened_at

    def probe_delay(self, chance: float) -> float:
        """Seconds until the next probe; `chance` is from [0, 1)."""
        doublings = min(max(self.openings - 1, 0), 10)
        return min(PROBE_INTERVAL * (1 << doublings), LONGEST_PROBE_INTERVAL) * (0.8 + 0.4 * chance)
