"""Event streams: cut for replay, and read to be judged."""

from __future__ import annotations

import random

import pytest

from paracle_cache._http import sse
from paracle_cache._http.sse import Event
from replay import recorded

STREAMS = [pair for pair in recorded.pairs() if pair.is_stream]


@pytest.mark.parametrize(
    ("body", "pieces"),
    [
        (b"data: a\n\ndata: b\n\n", [b"data: a\n\n", b"data: b\n\n"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [b"data: a\r\n\r\n", b"data: b\r\n\r\n"]),
        (b"data: a\r\rdata: b\r\r", [b"data: a\r\r", b"data: b\r\r"]),
        (b"data: a\r\n\ndata: b\n\r\n", [b"data: a\r\n\n", b"data: b\n\r\n"]),
        (b"event: x\r\ndata: a\r\n\r\n", [b"event: x\r\ndata: a\r\n\r\n"]),
        (b"data: a\n\n\n\ndata: b\n", [b"data: a\n\n\n\n", b"data: b\n"]),
        (b"", []),
    ],
)
def test_a_body_is_cut_behind_blank_lines(body: bytes, pieces: list[bytes]) -> None:
    assert sse.split(body) == pieces


@pytest.mark.parametrize("pair", STREAMS, ids=lambda pair: pair.name)
def test_recorded_streams_are_cut_into_as_many_pieces_as_events(pair: recorded.Pair) -> None:
    pieces = sse.split(pair.body)
    assert b"".join(pieces) == pair.body
    assert [sse.parse(piece)[0] for piece in pieces] == [[event] for event in sse.parse(pair.body)[0]]


@pytest.mark.parametrize(
    ("body", "events", "complete"),
    [
        (b"data: a\n\n", [Event(b"", b"a")], True),
        (b"data:a\n\n", [Event(b"", b"a")], True),
        (b"data:  a\n\n", [Event(b"", b" a")], True),
        (b"data: a\ndata: b\n\n", [Event(b"", b"a\nb")], True),
        (b"data\n\n", [Event(b"", b"")], True),
        (b"event: x\ndata: a\n\ndata: b\n\n", [Event(b"x", b"a"), Event(b"", b"b")], True),
        (b"event: x\n\ndata: b\n\n", [Event(b"", b"b")], True),
        (b": comment\n\ndata: a\n\n", [Event(b"", b"a")], True),
        (b"\xef\xbb\xbfdata: a\n\n", [Event(b"", b"a")], True),
        (b"data: a\r\rdata: b\r\n\r\n", [Event(b"", b"a"), Event(b"", b"b")], True),
        (b"id: 1\nretry: 5\nother: x\ndata: a\n\n", [Event(b"", b"a")], True),
        (b"data: a\xe2\x80\xa8b\x0bc\n\n", [Event(b"", b"a\xe2\x80\xa8b\x0bc")], True),
        (b"data: a\n\n: trailing comment\n", [Event(b"", b"a")], True),
        (b"", [], True),
        (b"data: a\n", [], False),
        (b"data: a", [], False),
        (b"data: a\n\ndata: b\n", [Event(b"", b"a")], False),
        (b"data: a\n\nda", [Event(b"", b"a")], False),
        (b"data: a\n\nevent: x\n", [Event(b"", b"a")], False),
    ],
)
def test_events_are_read_as_the_standard_has_it(body: bytes, events: list[Event], complete: bool) -> None:
    assert sse.parse(body) == (events, complete)


def test_pieces_of_anything_are_the_body_again() -> None:
    seed = 20261126
    dice = random.Random(seed)
    for _ in range(3000):
        body = bytes(dice.choices(b"\r\n\r\nda: ", k=dice.randint(0, 30)))
        pieces = sse.split(body)
        assert b"".join(pieces) == body, f"seed {seed}"
        assert [event for piece in pieces for event in sse.parse(piece)[0]] == sse.parse(body)[0], body
