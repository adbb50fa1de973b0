"""What stands between the fail-open layer and a client: the circuit, the limits known so far, and what is logged.

Shared by the sync and the asyncio layer; knows neither. One Guard belongs to one process.
"""

import random
import threading

from .._log import logger, warn_once
from ..errors import (
    FORKED,
    CacheError,
    Cancelled,
    ClientClosed,
    FailedPrecondition,
    InvalidArgument,
    PermissionDenied,
)
from ..key import KeyRefused
from .circuit import Circuit

MAX_ENTRY_BYTES = 3 << 20  # The server's default, until it says otherwise.


class Guard:
    """Thread-safe."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._circuit = Circuit()
        self._limits_asked = False
        self.max_entry_bytes = MAX_ENTRY_BYTES

    @property
    def is_open(self) -> bool:
        return self._circuit.is_open

    def admit(self) -> int | None:
        """A ticket for one call; None: answer at once that there is no answer."""
        return self._circuit.admit()

    def succeeded(self, ticket: int) -> bool:
        """True for the first answer ever: now is the time to ask for the limits."""
        if self._circuit.failures or self._circuit.openings:
            with self._lock:
                self._circuit.succeeded(ticket)
        if self._limits_asked:
            return False
        with self._lock:
            first, self._limits_asked = not self._limits_asked, True
        return first

    def failed(self, ticket: int, error: Exception) -> bool:
        """Judges what a call raised. True when it opened the circuit: now is the time to begin probing."""
        if isinstance(error, KeyRefused):
            warn_once(f"not cached: {error}")
            return False
        # Of a service that is well. A token that may only read is one of its users.
        if isinstance(error, InvalidArgument | FailedPrecondition | PermissionDenied):
            if not isinstance(error, FailedPrecondition):
                warn_once(f"the cache refuses a call: {error.message}")
            self.succeeded(ticket)
            return False
        if not isinstance(error, CacheError):
            warn_once(f"not cached: {type(error).__name__}: {error}")
            return False
        if isinstance(error, ClientClosed) or (isinstance(error, Cancelled) and error.reason == FORKED):
            return False  # We ended it ourselves.
        if error.reason == FORKED:
            warn_once(f"the cache is off {error.message}")
            with self._lock:
                self._circuit.open()
            return False
        with self._lock:
            opened = self._circuit.failed(ticket)
        if opened:
            logger.warning(
                "the cache at %s does not answer (%s); calls go on without it", self._endpoint, error
            )
        return opened

    def close(self) -> None:
        """After a probe that answered SERVING."""
        with self._lock:
            seconds = self._circuit.close()
        logger.info("the cache at %s answers again after %.1f s", self._endpoint, seconds)

    def fits(self, payload: bytes) -> bool:
        if len(payload) <= self.max_entry_bytes:
            return True
        logger.debug("not stored: %d bytes are over the limit of %d", len(payload), self.max_entry_bytes)
        return False

    def probe_delay(self) -> float:
        """Seconds until the next health check."""
        return self._circuit.probe_delay(random.random())  # noqa: S311  # jitter, not a secret
