"""Forks: a child shares nothing of ours with its parent, and never hangs or crashes for what it inherited.

gRPC survives a fork only when nobody is inside it, and two processes must not speak on one connection. So before a fork new
calls wait, those in flight get a moment, and every channel is closed, which ends the rest; afterwards parent and child open
channels of their own with their next call. Where that cannot be had, the child does without the cache: `unusable` says why.
"""

from __future__ import annotations

import importlib.metadata
import os
import threading
import weakref
from typing import Protocol

_SWITCH = "GRPC_ENABLE_FORK_SUPPORT"
_SOUND_SINCE = (1, 76)  # With older ones, forking under load now and then crashed the child, or even the parent.


def _settle_support() -> bool:
    """Read by gRPC when it is first imported. Whoever set it knows why; off means that children lose the cache."""
    version = tuple(int(part) for part in importlib.metadata.version("grpcio").split(".")[:2])
    value = os.environ.setdefault(_SWITCH, "1" if version >= _SOUND_SINCE else "0")
    return value.lower() in ("1", "true", "yes", "on")


_supported = _settle_support()

import grpc  # noqa: E402  # only now

_GRACE = 0.05  # Seconds for calls in flight to end by themselves.
_PATIENCE = 1.0  # Seconds for them to notice that their channel was closed.

generation = 0
"""How many forks lie between the first process and this one. Unlike a pid it never comes again."""

unusable = ""
"""Why gRPC cannot be used in this process; empty: it can."""


class Owner(Protocol):
    def let_go(self) -> str:
        """Closes the channel, if there is one. What keeps it from doing so, if anything."""


class Gate:
    """Calls pass through it; a fork closes it and waits until they are out. Thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._inside = 0
        self._forks = 0
        self._obstacle = ""

    def __enter__(self) -> None:
        with self._changed:
            while self._forks:
                self._changed.wait()
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._inside -= 1
            if self._forks:
                self._changed.notify_all()

    def before_fork(self) -> None:
        with self._changed:
            self._forks += 1
            self._changed.wait_for(self._is_empty, _GRACE)
        obstacles = [obstacle for owner in list(_owners) if (obstacle := owner.let_go())]
        with self._changed:
            if not self._changed.wait_for(self._is_empty, _PATIENCE):
                obstacles.append("calls were in flight when it was forked")
        if _opened is not None and not _supported:
            obstacles.append(f"{_SWITCH} is off")
        self._obstacle = obstacles[0] if obstacles else ""

    def after_fork_in_parent(self) -> None:
        with self._changed:
            self._forks -= 1
            self._changed.notify_all()

    def after_fork_in_child(self) -> None:
        """The locks may be held by threads that exist in the parent only, so the child gets a gate of its own."""
        global gate, generation, unusable
        unusable = unusable or self._obstacle
        generation += 1
        gate = Gate()

    def _is_empty(self) -> bool:
        return self._inside == 0


gate = Gate()
_owners: weakref.WeakSet[Owner] = weakref.WeakSet()
_opened: grpc.Channel | None = None


def opened(owner: Owner) -> None:
    """To be told of whoever opens a channel."""
    global _opened
    if _opened is None:
        # Connects to nothing, ever. It keeps gRPC from shutting itself down, in a thread of its own, when the last channel
        # is closed: a fork in the midst of that left children that hung.
        _opened = grpc.insecure_channel("unix:/nonexistent")
    _owners.add(owner)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: gate.before_fork(),
        after_in_parent=lambda: gate.after_fork_in_parent(),
        after_in_child=lambda: gate.after_fork_in_child(),
    )
