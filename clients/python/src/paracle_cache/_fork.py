"""Forks: a child shares nothing of ours with its parent, and never hangs or crashes for what it inherited.

gRPC survives a fork only when nobody is inside it, and two processes must not speak on one connection. So before a fork
new calls wait, those in flight get a moment, and every channel is closed, which ends the rest; afterwards parent and
child open channels of their own with their next call. Where that cannot be had, the child does without the cache:
`unusable` says why.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Protocol

_SWITCH = "GRPC_ENABLE_FORK_SUPPORT"
# With an older grpcio, forking under load now and then crashed the child, or even the parent.
_SOUND_SINCE = (1, 76)


def _settle_support() -> bool:
    """Read by gRPC when it is first imported. Whoever set it knows why; off means that children lose the cache.

    Left alone where gRPC is sound: its core takes part in forks unless told not to. If it were set, handlers of its
    Python part would run in the child as well, which touch every channel, and crash where the core was not prepared.
    """
    version = tuple(int(part) for part in importlib.metadata.version("grpcio").split(".")[:2])
    if version < _SOUND_SINCE:
        os.environ.setdefault(_SWITCH, "0")
    return os.environ.get(_SWITCH, "1").lower() in ("1", "true", "yes", "on")


_supported = _settle_support()

import grpc  # noqa: E402  # only now

_GRACE = 0.05  # Seconds for calls in flight to end by themselves.
PATIENCE = 1.0  # Seconds for them to notice that their channel was closed.

generation = 0
"""How many forks lie between the first process and this one. Unlike a pid it never comes again."""

unusable = ""
"""Why gRPC cannot be used in this process; empty: it can."""


class Owner(Protocol):
    def let_go(self) -> str:
        """Closes the channel, if there is one, within PATIENCE. What keeps it from doing so, if anything."""


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
        self.leave()

    def leave(self) -> None:
        with self._changed:
            self._inside -= 1
            if self._forks:
                self._changed.notify_all()

    def try_enter(self) -> bool:
        """For who must not block; False: a fork is going on. To be followed by `leave`, at once."""
        with self._changed:
            self._inside += not self._forks
            return not self._forks

    @property
    def is_closed(self) -> bool:
        """A fork is going on."""
        return self._forks > 0

    def before_fork(self) -> None:
        with self._changed:
            self._forks += 1
            self._changed.wait_for(self._is_empty, _GRACE)
        obstacles = [obstacle for owner in list(_owners) if (obstacle := owner.let_go())]
        with self._changed:
            if not self._changed.wait_for(self._is_empty, PATIENCE):
                obstacles.append("calls were in flight when it was forked")
        if _opened is not None and not _poller_has_ended():
            obstacles.append("grpc.aio was in use when it was forked")
        if _opened is not None and not _supported:
            obstacles.append(f"{_SWITCH} is off")
        self._obstacle = obstacles[0] if obstacles else ""
        if obstacles and _supported:
            _occupy()

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


def _poller_has_ended() -> bool:
    """grpc.aio has a thread of its own, which ends with the last channel: ours, or of others in this process."""
    end = time.monotonic() + PATIENCE / 5
    while any("_poll_wrapper" in thread.name for thread in threading.enumerate()):
        if time.monotonic() > end:
            return False
        time.sleep(0.001)
    return True


def _occupy() -> None:
    """Keeps gRPC out of a fork that it would not survive: it does nothing while a thread is inside it.

    Else its threads are begun anew in the child, on what others of the parent had half done, and may crash it.
    """
    if _opened is None:
        return
    wait = _opened.unary_unary("/nobody/Waits")
    inside = threading.Thread(target=_wait_in_vain, args=(wait,), name="paracle-cache-fork", daemon=True)
    inside.start()
    time.sleep(0.005)


def _wait_in_vain(call: Callable[..., object]) -> None:
    with contextlib.suppress(grpc.RpcError):
        call(b"", timeout=0.15, wait_for_ready=True)


def opened(owner: Owner) -> None:
    """To be told of whoever opens a channel."""
    global _opened
    if _opened is None:
        # Connects to nothing, ever. It keeps gRPC from shutting itself down, in a thread of its own, when the last
        # channel is closed: a fork in the midst of that left children that hung.
        _opened = grpc.insecure_channel("unix:/nonexistent")
    _owners.add(owner)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: gate.before_fork(),
        after_in_parent=lambda: gate.after_fork_in_parent(),
        after_in_child=lambda: gate.after_fork_in_child(),
    )
