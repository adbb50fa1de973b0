"""Tokens and TLS, against the real server."""

import hashlib
import logging
import secrets

import pytest

from paracle_cache import CacheKey, Client, Hit, Miss
from paracle_cache.errors import PermissionDenied, Unauthenticated
from paracle_cache.failsafe import SafeCache

from support.certificates import make_certificates
from support.real_server import running_server


def key(number: int) -> CacheKey:
    return CacheKey(provider="openai", model=f"m-{number}")


def issue(identity: str, roles: str, namespaces: str = "acme") -> tuple[str, str]:
    """A token and its line."""
    token = f"paracle_{identity}_{secrets.token_urlsafe(32)}"
    digest = hashlib.sha256(token.encode()).hexdigest()
    return token, f"id={identity} sha256={digest} roles={roles} namespaces={namespaces}\n"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """Clients of a server with TLS, which knows a reader and a writer: connect(token) makes one."""
    folder = make_certificates(tmp_path_factory.mktemp("tls"))
    reader, reader_line = issue("reader", "reader")
    writer, writer_line = issue("writer", "writer")
    folder.joinpath("tokens").write_text(reader_line + writer_line)
    flags = (
        f"--tls-cert={folder}/server.pem",
        f"--tls-key={folder}/server.key",
        f"--tokens-file={folder}/tokens",
    )
    with running_server(*flags) as server:

        def connect(token: str | None, namespace: str = "acme") -> Client:
            cacert = str(folder / "ca.pem")
            return Client(server.address, namespace=namespace, token=token, cacert=cacert, timeout=10)

        connect.reader, connect.writer = reader, writer  # type: ignore[attr-defined]
        yield connect


def test_who_is_not_known_is_told_so(guarded):
    for token in (None, issue("reader", "reader")[0]):
        with guarded(token) as client, pytest.raises(Unauthenticated):
            client.get(key(1))


def test_a_role_and_a_namespace_are_asked_for(guarded):
    with guarded(guarded.writer) as client:
        client.set(key(1), b"answer")
    with guarded(guarded.reader) as client:
        assert client.get(key(1)).payload == b"answer"
        with pytest.raises(PermissionDenied, match="Set needs the role writer"):
            client.set(key(1), b"other")
        assert client.config().limits.max_entry_bytes > 0
    with guarded(guarded.reader, "elsewhere") as client, pytest.raises(PermissionDenied, match='"elsewhere"'):
        client.get(key(1))


def test_a_token_that_only_reads_goes_on_reading(guarded, caplog):
    with guarded(guarded.writer) as client:
        client.set(key(2), b"answer")
    with caplog.at_level(logging.INFO, "paracle_cache"):
        cache = SafeCache(guarded(guarded.reader))
        try:
            for _ in range(10):  # Nothing but refusals in a row.
                assert not cache.store(key(3), b"mine", content_type="text/plain", fill_token=b"")
            assert isinstance(cache.lookup(key(2)), Hit)
            assert isinstance(cache.lookup(key(3)), Miss)
        finally:
            cache.close()
    said = [record.getMessage() for record in caplog.records if record.name == "paracle_cache"]
    assert said == ["the cache refuses a call: Set needs the role writer, which this caller has not"]
