"""Keys of Python values: what counts as JSON, and what is refused where."""

import decimal
import enum
import json
import types
from collections import OrderedDict

import pytest

from paracle_cache import CacheKey, KeyRefused
from paracle_cache.key import EntryId


class Role(str, enum.Enum):
    USER = "user"


class Level(enum.IntEnum):
    HIGH = 3


class Plain(enum.Enum):
    ONE = 1


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


ENDLESS: list = []
ENDLESS.append(ENDLESS)

REFUSED = [
    ("a name that is no string", {"a": {1: 2}}, "/params/a"),
    ("names of mixed types", {"a": {1: 2, "b": 3}}, "/params/a"),
    ("NaN", {"a": [0, float("nan")]}, "/params/a/1"),
    ("infinity", {"a": float("-inf")}, "/params/a"),
    ("an int that binary64 cannot hold", {"seed": 2**53}, "/params/seed"),
    ("a huge int", {"seed": -(10**400)}, "/params/seed"),
    ("a float beyond 2^53-1", {"seed": 1e21}, "/params/seed"),
    ("a lone surrogate", {"stop": ["\ud800"]}, "/params/stop/0"),
    ("a lone surrogate in a name", {"a": {"\udfff": 1}}, "/params/a"),
    ("bytes", {"image": b"x"}, "/params/image"),
    ("a set", {"stop": {"a"}}, "/params/stop"),
    ("an object", {"a/b~c": object()}, "/params/a~1b~0c"),
    ("a decimal", {"p": decimal.Decimal("0.5")}, "/params/p"),
    ("an enum that is neither str nor int", {"p": Plain.ONE}, "/params/p"),
    ("too deep", {"a": nested(99)}, "/params/a" + "/0" * 98),
    ("a list in itself", {"a": ENDLESS}, "/params/a" + "/0" * 98),
]


@pytest.mark.parametrize(
    ("why", "params", "place"), REFUSED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_value_that_is_not_json_is_refused_with_its_place(why, params, place):
    with pytest.raises(KeyRefused) as refused:
        CacheKey(provider="p", params=params).digest()
    assert refused.value.place == place, why
    assert refused.value.reason in str(refused.value)


MEMBERS = [
    ({"provider": ""}, "/provider"),
    ({"provider": None}, "/provider"),
    ({"provider": "é" * 129}, "/provider"),
    ({"model": 4}, "/model"),
    ({"messages": "Hi"}, "/messages"),
    ({"messages": {"role": "user"}}, "/messages"),
    ({"messages": [{}, "Hi"]}, "/messages/1"),
    ({"temperature": True}, "/temperature"),
    ({"temperature": "0.7"}, "/temperature"),
    ({"temperature": float("nan")}, "/temperature"),
    ({"max_tokens": 100.5}, "/max_tokens"),
    ({"max_tokens": 2**53}, "/max_tokens"),
    ({"max_tokens": False}, "/max_tokens"),
    ({"max_tokens": float("inf")}, "/max_tokens"),
    ({"params": []}, "/params"),
    ({"headers": "x"}, "/headers"),
    ({"variant": -1}, "/variant"),
    ({"variant": 2**32}, "/variant"),
    ({"endpoint": "/" * 2049}, "/endpoint"),
]


@pytest.mark.parametrize(("members", "place"), MEMBERS)
def test_a_member_of_the_wrong_kind_is_refused(members, place):
    with pytest.raises(KeyRefused) as refused:
        CacheKey(**{"provider": "p", **members}).digest()
    assert refused.value.place == place


@pytest.mark.parametrize(
    ("value", "same_as"),
    [
        ((1, 2), [1, 2]),
        (Role.USER, "user"),
        (Level.HIGH, 3),
        (OrderedDict(b=1, a=2), {"a": 2, "b": 1}),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        (1.0, 1),
        (-0.0, 0),
        (nested(98), nested(98)),
        (2**53 - 1, 9007199254740991.0),
    ],
)
def test_what_json_dumps_would_send_counts_as_what_it_holds(value, same_as):
    key = CacheKey(provider="p", params={"x": value})
    assert key.document() == CacheKey(provider="p", params={"x": same_as}).document()


@pytest.mark.parametrize("value", [True, "1", [1], {"1": 1}, None, 2, 1.5])
def test_a_value_of_another_type_is_another_question(value):
    one = CacheKey(provider="p", params={"x": 1})
    assert CacheKey(provider="p", params={"x": value}).digest() != one.digest()


def test_a_key_of_values_is_the_key_of_their_json():
    members = {
        "provider": "openai",
        "model": "gpt-4",
        "messages": [{"role": "user", "content": 'Größe "\U0001f600" \x01'}],
        "temperature": 0.704,
        "max_tokens": 100,
        "params": {"\U0001f600": 1, "\ufb33": 2, "top_p": 1e-7, "seed": 1e15},
        "headers": {"openai-beta": "x"},
        "endpoint": "/v1/chat/completions",
        "variant": 2,
    }
    assert CacheKey(**members).digest() == CacheKey.from_document(json.dumps(members)).digest()


def test_absent_none_and_empty_members_are_one_question():
    bare = CacheKey(provider="p")
    full = CacheKey("p", "", [], None, None, {}, "", {}, 0)
    assert bare.document() == full.document() == b'{"provider":"p","v":1}'


def test_containers_are_read_when_the_digest_is_taken():
    messages = [{"role": "user", "content": "a"}]
    key = CacheKey(provider="p", messages=messages)
    before = key.digest()
    messages[0]["content"] = "b"
    assert key.digest() != before


def test_a_key_of_text_keeps_the_digest_of_that_text():
    key = CacheKey.from_document('{"provider":"p","params":{"a":[1]},"max_tokens":1e2}')
    before = key.digest()
    key.params["a"].append(2)
    assert key.digest() == before
    assert key.max_tokens == 100
    assert isinstance(key.max_tokens, int)


def test_what_travels_is_the_digest_with_provider_and_model():
    key = CacheKey(provider="openai", model="gpt-4")
    assert key.entry_id() == EntryId(bytes.fromhex(key.to_string()), "openai", "gpt-4")


def test_a_text_nested_without_end_is_refused():
    with pytest.raises(KeyRefused):
        CacheKey.from_request(provider="p", endpoint="/x", body=b'{"a":' + b"[" * 1_000_000)
