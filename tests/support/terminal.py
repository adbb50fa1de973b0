"""Pseudo-terminals, for tests of what a person sees."""

import pty

import pytest


def open_terminal() -> tuple[int, int]:
    """Both ends of a pseudo-terminal; skips the test where there are none, as in a chroot without /dev/pts."""
    try:
        return pty.openpty()
    except OSError as error:
        pytest.skip(f"SKIPPED: this machine has no pseudo-terminals ({error})")
