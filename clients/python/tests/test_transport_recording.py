"""The copy of a body costs no more memory than an entry may have."""

from __future__ import annotations

import tracemalloc

from paracle_cache._http.policy import Policy
from paracle_cache._http.recording import Question, Recording
from paracle_cache.key import EntryId
from paracle_cache.results import Miss

LIMIT = 1 << 20
QUESTION = Question(EntryId(bytes(32)), Miss(b"token"), began=0.0)


def recording(decode, encoding="") -> Recording:
    headers = [("content-type", "application/json"), ("content-encoding", encoding)]
    return Recording(QUESTION, Policy(None, (), None, None), headers, LIMIT, decode)


def test_a_body_over_the_limit_is_let_go():
    copy = recording(lambda _encoding, pieces: iter(pieces))
    tracemalloc.start()
    for _ in range(200):
        copy.add(bytes(LIMIT // 10))
    held, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    copy.end()
    assert held < LIMIT
    assert copy.take() is None


def test_decoding_stops_at_the_limit():
    decoded = []

    def decode(encoding, _pieces):
        assert encoding == "gzip"
        for _ in range(1000):
            decoded.append(LIMIT // 10)
            yield bytes(LIMIT // 10)

    copy = recording(decode, "gzip")
    copy.add(b"a small bomb")
    copy.end()
    assert copy.take() is None
    assert sum(decoded) <= LIMIT * 1.2


def test_a_recording_is_taken_once():
    copy = recording(lambda _encoding, pieces: iter(pieces))
    copy.add(b'{"object": "list", "data": [{"embedding": [0.5]}]}')
    copy.end()
    assert copy.take().told["fill_token"] == b"token"
    assert copy.take() is None
