"""A worker that holds leases through the Python client while its model call goes on, and comes to harm at it."""

import concurrent.futures
import dataclasses
import logging
import threading

from paracle_cache.client import Client
from paracle_cache.errors import CacheError
from paracle_cache.failsafe import SafeCache
from paracle_cache.llm_cache import LLMCache
from paracle_cache.results import Lease

from ..support import fake_model
from ..support.worker import Link
from .questions import key_of

_NEVER = 60.0  # Seconds that a model call takes during which its caller comes to harm.


@dataclasses.dataclass(frozen=True)
class Hold:
    """Asks for the leases of these questions, and begins the model calls. What is cached already is not called."""

    names: list[str]


def calling(link: Link, address: str, model_url: str) -> None:
    """The work of a Worker: `get_or_compute` of all at once, each with a model call that does not end. The client
    renews the leases."""
    logging.disable(logging.WARNING)  # That it is cut off is what is wanted.
    cache = LLMCache(cache=SafeCache(Client(address, timeout=2.0)))
    cache.stats()  # Connects.
    link.send("ready")
    while isinstance(hold := link.receive(), Hold):
        for name in hold.names:
            call = lambda name=name: fake_model.ask(model_url, name, "holder", _NEVER)  # noqa: E731
            threading.Thread(target=cache.get_or_compute, args=(key_of(name), call), daemon=True).start()


@dataclasses.dataclass(frozen=True)
class LateSet:
    """How a Set ended: OK, or the error's code and reason."""

    name: str
    how: str


def setting(link: Link, address: str, hold: float) -> None:
    """The work of a Worker: takes leases and renews none; sets all, at once, when it is told to."""
    client = Client(address, timeout=2.0)
    client.health()
    link.send("ready")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        while isinstance(wanted := link.receive(), Hold):
            found = list(pool.map(lambda name: client.get_or_wait(key_of(name), hold=hold, wait=0), wanted.names))
            held = {name: lease for name, lease in zip(wanted.names, found, strict=True) if isinstance(lease, Lease)}
            link.send(list(held))
            link.receive()
            tokens = [lease.fill_token for lease in held.values()]
            link.send(list(pool.map(_set, [client] * len(held), held, tokens)))


def _set(client: Client, name: str, fill_token: bytes) -> LateSet:
    try:
        client.set(key_of(name), b'"late"', content_type="application/json", fill_token=fill_token)
    except CacheError as error:
        return LateSet(name, f"{error.code.name} {error.reason}")
    return LateSet(name, "OK")
