"""What a fork leaves in the child: nothing of ours may be shared with the parent.

`generation` counts the forks between the first process and this one. State that belongs to one process is kept under the
generation that made it, so a child finds none, and makes its own with locks of its own: whatever lock another thread held
at the fork is never asked for again. A pid would do as well, were pids not used again.
"""

import os
import weakref
from typing import Any

# gRPC takes part in forks only if this is set before it is first imported; whoever set it otherwise knows why.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "1")

generation = 0

_channels: "weakref.WeakSet[Any]" = weakref.WeakSet()
_inherited: list[Any] = []


def track(channel: Any) -> None:
    """Keeps `channel` from being destroyed in a child: that would speak on the parent's connection, or wait for threads
    that exist in the parent only. Leaking it costs the child a few kilobytes."""
    _channels.add(channel)


def _in_child() -> None:
    global generation
    generation += 1
    _inherited.extend(_channels)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
