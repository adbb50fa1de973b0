"""Fixtures of all tests. The server is real: PARACLE_BUILD names the build to take it from, else build/dev."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from paracle_cache import _log

from support.real_server import running_server


@pytest.fixture(autouse=True)
def _no_settings_of_the_caller(monkeypatch):
    """A test sees the variables that it sets, and warnings that another test was given already."""
    for name in [name for name in os.environ if name.startswith("PARACLE_CACHE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(_log, "_given", set())


@pytest.fixture(scope="session")
def shared_server():
    """One server for all tests that take a namespace of their own and do it no harm."""
    with running_server() as process:
        yield process


@pytest.fixture
def server():
    """A server for one test, which may kill it."""
    with running_server() as process:
        yield process


@pytest.fixture
def namespace(request):
    """A namespace of the test's own."""
    return "".join(c if c.isalnum() else "-" for c in request.node.name)[:128]
