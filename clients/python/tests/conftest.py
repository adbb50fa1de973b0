"""Fixtures of all tests. The server is real: PARACLE_BUILD names the build to take it from, else build/dev."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from paracle_cache import Client, _log, aio
from paracle_cache.failsafe import AsyncSafeCache, SafeCache

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


@pytest.fixture
def client(shared_server, namespace):
    """In the test's own namespace; with the patience that a busy machine needs."""
    with Client(shared_server.address, namespace=namespace, timeout=10) as client:
        yield client


@pytest.fixture
def cache(client):
    cache = SafeCache(client)
    yield cache
    cache.close()


@pytest.fixture
async def async_cache(client):
    endpoint, namespace = client.settings.endpoint, client.settings.namespace
    cache = AsyncSafeCache(aio.Client(endpoint, namespace=namespace, timeout=10))
    yield cache
    await cache.close()
