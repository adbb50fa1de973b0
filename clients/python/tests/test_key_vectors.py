"""key_vectors.json, which binds every implementation to the same bytes."""

import base64
import json

import pytest

from paracle_cache._key.canonical_json import MAX_BINARY64, Refused, canonical, parse
from paracle_cache.key import CacheKey, KeyRefused

from support.real_server import ROOT

VECTORS = json.loads((ROOT / "proto/paracle/cache/v1/key_vectors.json").read_text())


def text_of(vector: dict, name: str) -> bytes:
    encoded = vector.get(f"{name}_base64")
    return vector[name].encode() if encoded is None else base64.b64decode(encoded)


def expect_key(vector: dict, make) -> None:
    expect = vector["expect"]
    if "refused_at" in expect:
        with pytest.raises(KeyRefused) as refused:
            make()
        assert refused.value.place == expect["refused_at"]
    else:
        key = make()
        assert key.document().decode() == expect["canonical"]
        assert key.to_string() == expect["digest"]


@pytest.mark.parametrize("vector", VECTORS["canonicaliser"], ids=lambda vector: vector["why"])
def test_canonicaliser(vector):
    expect, text = vector["expect"], text_of(vector, "input")
    if "refused_at" in expect:
        with pytest.raises(Refused) as refused:
            canonical(parse(text), largest=MAX_BINARY64)
        assert refused.value.pointer() == expect["refused_at"]
    else:
        assert canonical(parse(text), largest=MAX_BINARY64) == expect["canonical"]


@pytest.mark.parametrize("vector", VECTORS["keys"], ids=lambda vector: vector["why"])
def test_key_document(vector):
    expect_key(vector, lambda: CacheKey.from_document(text_of(vector, "document")))


@pytest.mark.parametrize("vector", VECTORS["bodies"], ids=lambda vector: vector["why"])
def test_request_body(vector):
    expect_key(
        vector,
        lambda: CacheKey.from_request(
            provider=vector["provider"],
            endpoint=vector.get("endpoint", ""),
            headers=vector.get("headers", ()),
            body=text_of(vector, "body"),
        ),
    )
