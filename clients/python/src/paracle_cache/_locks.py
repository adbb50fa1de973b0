"""Locks that are free in a forked child, whoever held them in the parent."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol


class Owner(Protocol):
    """Holds `lock` for a few instructions at a time. A child may see what it guards half changed."""

    lock: threading.Lock


_owners: weakref.WeakSet[Owner] = weakref.WeakSet()


def renew_in_children(owner: Owner) -> None:
    """Gives `owner` a new lock in every child of a fork."""
    _owners.add(owner)


def _renew_all() -> None:
    for owner in _owners:
        owner.lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_renew_all)
