"""A lease that a caller in this process holds, from when it was given until it is filled or goes back."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextvars import ContextVar
from typing import NamedTuple, Protocol

from .. import _fork
from ..key import EntryId
from ..results import Lease


class Place(NamedTuple):
    """Whose question it is: the same digest elsewhere is another."""

    endpoint: str
    namespace: str


class Recording(Protocol):
    def add(self, chunk: bytes) -> None: ...
    def cancel(self) -> None: ...


class Held:
    """Call the model, then `store` its answer with this; else `give_back`. One caller's: not thread-safe.

    It goes back by itself when nothing refers to it any more. In a forked child it is nothing: it is the parent's.
    """

    __slots__ = (
        "__weakref__",
        "_end",
        "_generation",
        "_is_open",
        "entry",
        "fill_token",
        "hold",
        "place",
        "recording",
    )

    def __init__(self, entry: EntryId, lease: Lease, place: Place, end: Callable[[Held, bool], None]) -> None:
        """end: is called once, with whether the lease is to go back."""
        self.entry = entry
        self.place = place
        self.fill_token = lease.fill_token
        self.hold = lease.hold
        self.recording: Recording | None = None
        """What is being recorded under it, for others to follow."""
        self._end = end
        self._generation = _fork.generation
        self._is_open = True
        _remember(self)

    @property
    def is_open(self) -> bool:
        """Held, as far as is known. Else an answer is not to be stored."""
        return self._is_open and self._generation == _fork.generation

    def settle(self) -> None:
        """It has ended: its answer was stored, or the server says that it is lost."""
        self._finish(back=False)

    def give_back(self) -> None:
        """Nothing will be stored: somebody else is to make the call. At once and without waiting."""
        self._finish(back=True)

    def _finish(self, back: bool) -> None:
        was_open, self._is_open = self.is_open, False
        if was_open:
            if back and self.recording is not None:
                self.recording.cancel()
            self._end(self, back)

    def __del__(self) -> None:
        # Its caller has forgotten it, such as a response that nobody read. Nobody else would end its renewals.
        if getattr(self, "_is_open", False):
            self._finish(back=True)


# Weak: a context that is kept keeps no lease. Those that have ended go when the next is added.
_held_here: ContextVar[tuple[weakref.ref[Held], ...]] = ContextVar("paracle_cache_held", default=())


def is_held_here(place: Place, entry: EntryId) -> bool:
    """Whether the present context, or the one that it is a copy of, holds the lease: it would wait for itself."""
    return any(
        (held := ref()) is not None
        and held.is_open
        and held.entry.digest == entry.digest
        and held.place == place
        for ref in _held_here.get()
    )


def _remember(held: Held) -> None:
    still = (ref for ref in _held_here.get() if (other := ref()) is not None and other.is_open)
    _held_here.set((*still, weakref.ref(held)))
