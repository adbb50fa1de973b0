"""The stored form of a response: what is written, and that nothing else is read."""

from __future__ import annotations

import http.client
import io
import random

import pytest

from paracle_cache._http.stored_response import StoredResponse, dump, parse, stream_head

HEADERS = [
    ("X-Request-Id", "req_1"),
    ("Content-Type", "application/json"),
    ("Set-Cookie", "session=secret"),
    ("openai-organization", "acme"),
    ("openai-model", "gpt-4o"),
    ("Content-Encoding", "gzip"),
    ("Transfer-Encoding", "chunked"),
    ("Content-Length", "999"),
    ("x-ratelimit-remaining-requests", "7"),
    ("date", "Thu, 26 Nov 2026 04:00:00 GMT"),
]
STORED = (
    b"HTTP/1.1 200 OK\r\n"
    b"content-length: 4\r\ncontent-type: application/json\r\nopenai-model: gpt-4o\r\nx-request-id: req_1\r\n"
    b"\r\n"
    b"\r\n\x00{"
)
READ = StoredResponse(
    [("content-type", "application/json"), ("openai-model", "gpt-4o"), ("x-request-id", "req_1")],
    b"\r\n\x00{",
)


def test_what_may_be_shared_is_written_and_read_again() -> None:
    assert dump(HEADERS, b"\r\n\x00{") == STORED
    assert parse(STORED) == READ


def test_a_header_that_is_not_plain_text_is_left_out() -> None:
    payload = dump([("content-type", "text/plain\r\nset-cookie: a=b"), ("request-id", "caf\u00e9")], b"")
    assert payload == b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


def test_any_reader_of_http_reads_it() -> None:
    class Socket:
        def makefile(self, _mode: str) -> io.BytesIO:
            return io.BytesIO(STORED)

    response = http.client.HTTPResponse(Socket())  # type: ignore[arg-type]
    response.begin()
    assert (response.status, response.getheader("openai-model"), response.read()) == (
        200,
        "gpt-4o",
        b"\r\n\x00{",
    )


def test_as_another_client_may_write_it() -> None:
    payload = (
        b"HTTP/1.1 200\r\nContent-Type: application/json\r\nContent-Length:2\r\nVia:\r\nAge: 3\r\n\r\n{}"
    )
    assert parse(payload) == StoredResponse([("content-type", "application/json")], b"{}")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        STORED[:-1],
        STORED + b"x",
        STORED.replace(b"200 OK", b"500 Error"),
        STORED.replace(b"HTTP/1.1", b"HTTP/2"),
        STORED.replace(b"content-length: 4\r\n", b""),
        STORED.replace(b"content-length: 4", b"content-length: 4\r\ncontent-length: 4"),
        STORED.replace(b"content-length: 4", b"content-length: +4"),
        STORED.replace(b"content-length: 4", b"content-length: 0x4"),
        STORED.replace(b"content-length: 4", b"content-length: " + b"0" * 5000 + b"4"),
        STORED.replace(b"content-length: 4", b"content-length: 4\r\ntransfer-encoding: chunked"),
        STORED.replace(b"content-length: 4", b"content-length: 4\r\ncontent-encoding: gzip"),
        STORED.replace(b"openai-model: ", b"openai-model : "),
        STORED.replace(b"openai-model: ", b" openai-model: "),
        STORED.replace(b"gpt-4o", b"gpt\x004o"),
        STORED.replace(b"gpt-4o", b"gpt\xff4o"),
        STORED.replace(b"gpt-4o", b"gpt\n4o"),
        STORED.replace(b"gpt-4o", b"g" * 20_000),
        STORED.replace(b"\r\n", b"\n"),
    ],
)
def test_anything_odd_is_not_read(payload: bytes) -> None:
    assert parse(payload) is None


def test_no_mutation_of_bytes_raises_or_changes_the_body_unseen() -> None:
    seed = 20261126
    dice = random.Random(seed)
    for _ in range(20_000):
        payload = bytearray(STORED)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(payload))
            payload[at : at + dice.randint(0, 2)] = bytes(
                dice.choices(b"\r\n :0149aZ\xff\x00", k=dice.randint(0, 2))
            )
        read = parse(bytes(payload))
        assert read is None or payload.endswith(b"\r\n\r\n" + read.body), f"seed {seed}: {payload!r}"


def test_an_event_stream_that_was_recorded_while_it_came_has_no_length():
    head = stream_head([("Content-Type", "text/event-stream; charset=utf-8"), ("Date", "now")])
    assert head == b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n"
    assert parse(head + b"data: 1\n\n").body == b"data: 1\n\n"
    assert parse(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{}") is None
