"""Every recorded request/response pair goes through a running service and comes back byte for byte.

Reads ../shared/data/llm where it is, else the small cut in tests/data/llm.
"""

import hashlib
import json
import random
import warnings

import grpc
import pytest

from support.key_reference import key_of_request
from support.server_process import ROOT

SEED = 20261123
SHARED = ROOT.parent / "shared" / "data" / "llm"
CUT = ROOT / "tests" / "data" / "llm"
NAMESPACE = "recorded"


def recorded_pairs() -> list[dict]:
    folder = SHARED
    if not SHARED.is_dir():
        warnings.warn(f"SKIPPED the full corpus: {SHARED} is absent; using the cut in tests/data/llm")
        folder = CUT
    names = sorted(path for pattern in ("openai_*.jsonl", "anthropic_*.jsonl", "gemini*.jsonl")
                   for path in folder.glob(pattern))
    return [json.loads(line) for path in names for line in path.read_text().splitlines()]


def answer_bytes(pair: dict) -> bytes:
    """The response as it travelled: an SSE text, or the JSON body."""
    if pair.get("response_sse") is not None:
        return pair["response_sse"].encode()
    return json.dumps(pair["response_body"], ensure_ascii=False).encode()


def key_document(pair: dict, body: dict) -> str:
    """The canonical key document of a provider's request, by the reference implementation of the key."""
    document, _ = key_of_request(pair["provider"], pair["endpoint"], [], json.dumps(body).encode())
    return document


def cache_key(cache_pb2, document: str):
    """The CacheKey message that asks what the key document asks."""
    members = json.loads(document)
    key = cache_pb2.CacheKey(provider=members["provider"], endpoint=members.get("endpoint", ""),
                             model=members.get("model", ""), temperature=members.get("temperature"),
                             max_tokens=members.get("max_tokens"))
    for name in ("messages", "params"):
        if name in members:
            setattr(key, f"{name}_json", json.dumps(members[name]).encode())
    return key


def reordered(value, rng: random.Random):
    """The same JSON value with the members of every object in another order."""
    if isinstance(value, dict):
        members = [(name, reordered(member, rng)) for name, member in value.items()]
        rng.shuffle(members)
        return dict(members)
    if isinstance(value, list):
        return [reordered(element, rng) for element in value]
    return value


def with_one_character_changed(body: dict) -> dict:
    """A copy whose last text in the conversation differs in its last character (an empty one gets a character)."""
    copy = json.loads(json.dumps(body))
    conversation = next(name for name in ("messages", "contents", "input", "prompt") if name in copy)
    holder, place = list(texts(copy, conversation))[-1]
    text = holder[place]
    holder[place] = text[:-1] + ("x" if not text.endswith("x") else "y")
    return copy


def texts(holder, place):
    """Yields (container, index) of every text below holder[place], roles and types apart."""
    value = holder[place]
    if isinstance(value, str):
        yield holder, place
    elif isinstance(value, dict):
        for name in value:
            if name not in ("role", "type"):
                yield from texts(value, name)
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from texts(value, index)


@pytest.fixture
def traffic(server, stubs):
    cache_pb2, cache_pb2_grpc, *_ = stubs
    return Traffic(cache_pb2, cache_pb2_grpc.CacheServiceStub(grpc.insecure_channel(server.address)))


class Traffic:
    def __init__(self, cache_pb2, stub):
        self.pb, self.stub = cache_pb2, stub

    def entry(self, pair: dict, body: dict):
        return self.pb.EntryRef(namespace=NAMESPACE, key=cache_key(self.pb, key_document(pair, body)))

    def get(self, pair: dict, body: dict):
        return self.stub.Get(self.pb.GetRequest(entry=self.entry(pair, body)), timeout=5)

    def get_by_digest(self, pair: dict, body: dict):
        digest = hashlib.sha256(key_document(pair, body).encode()).digest()
        return self.stub.Get(self.pb.GetRequest(entry=self.pb.EntryRef(namespace=NAMESPACE, digest=digest)), timeout=5)

    def store_all(self, pairs: list[dict]) -> None:
        for pair in pairs:
            miss = self.get(pair, pair["request_body"])
            assert miss.WhichOneof("outcome") == "miss", pair["source"]
            self.stub.Set(self.pb.SetRequest(
                entry=self.entry(pair, pair["request_body"]), fill_token=miss.miss.fill_token,
                content_type="text/event-stream" if pair.get("response_sse") else "application/json",
                payload=answer_bytes(pair)), timeout=5)


def distinct(pairs: list[dict]) -> list[dict]:
    """The first pair of each question: the recordings ask a few of them twice, with other neutral members."""
    return list({key_document(pair, pair["request_body"]): pair for pair in reversed(pairs)}.values())[::-1]


def test_every_recorded_pair_comes_back_byte_for_byte_and_only_for_its_own_question(traffic):
    pairs = distinct(recorded_pairs())
    assert len(pairs) >= 12 and any(pair.get("response_sse") for pair in pairs)
    traffic.store_all(pairs)
    rng = random.Random(SEED)

    for pair in pairs:
        hit = traffic.get(pair, pair["request_body"])
        assert hit.hit.payload == answer_bytes(pair), pair["source"]

        by_digest = traffic.get_by_digest(pair, pair["request_body"])
        assert by_digest.hit.payload == answer_bytes(pair), pair["source"]

        again = traffic.get(pair, reordered(pair["request_body"], rng))
        assert again.hit.payload == answer_bytes(pair), (SEED, pair["source"])

        other = traffic.get(pair, with_one_character_changed(pair["request_body"]))
        assert other.WhichOneof("outcome") == "miss", pair["source"]
    print(f"{len(pairs)} recorded pairs stored, read back, read back reordered, missed when changed")
