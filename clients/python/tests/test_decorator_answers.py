"""Which answers are stored, as what, and with what told of the call that made them."""

# ruff: noqa: ARG001, ARG005  # what is decorated here uses few of its arguments

import collections
import enum
import json
import logging
import pathlib
import time
import uuid

import pytest

from paracle_cache.decorators import cached_llm_call, key_of
from paracle_cache.pricing import Price, PriceTable
from paracle_cache.results import Hit, Miss

RECORDED = pathlib.Path(__file__).resolve().parents[4] / "shared" / "data" / "llm"


class Asker:
    """Decorates a function that gives `answer`, and counts its calls."""

    def __init__(self, cache, answer, **options):
        self.calls = 0
        self.question = ("p", str(uuid.uuid4()))

        @cached_llm_call(cache=cache, **options)
        def ask(provider, model):
            self.calls += 1
            return answer

        self.ask = ask

    def twice(self):
        """The two answers."""
        return self.ask(*self.question), self.ask(*self.question)

    def key(self):
        return key_of(self.ask, *self.question)


def chat(finish_reason):
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": finish_reason}
    usage = {"prompt_tokens": 9, "completion_tokens": 3}
    return {"object": "chat.completion", "model": "gpt-4-0613", "choices": [choice], "usage": usage}


@pytest.mark.parametrize("answer", ["", 0, False, {}, [], "text", 1.5, {"no": ["known", "shape", None]}])
def test_any_json_is_an_answer_even_when_it_is_falsy(cache, answer):
    asker = Asker(cache, answer)
    first, second = asker.twice()
    assert asker.calls == 1
    assert (first, second) == (answer, answer)
    assert type(second) is type(answer)


def test_none_is_not_stored_unless_cache_if_says_so(cache):
    nothing, kept = Asker(cache, None), Asker(cache, None, cache_if=lambda answer: True)
    assert (nothing.twice(), nothing.calls) == ((None, None), 2)
    assert (kept.twice(), kept.calls) == ((None, None), 1)


@pytest.mark.parametrize("finish_reason", ["length", "content_filter", None])
def test_a_truncated_answer_is_returned_but_not_stored(cache, finish_reason):
    asker = Asker(cache, chat(finish_reason))
    assert asker.twice() == (chat(finish_reason), chat(finish_reason))
    assert asker.calls == 2


@pytest.mark.parametrize("error", [{"error": {"message": "overloaded"}}, {"type": "error", "error": {}}])
def test_an_answer_that_tells_an_error_is_returned_but_not_stored(cache, error):
    asker = Asker(cache, chat("stop") | error)
    asker.twice()
    assert asker.calls == 2


def test_cache_if_decides_instead(cache):
    all_of_them = Asker(cache, chat("length"), cache_if=lambda answer: True)
    none_of_them = Asker(cache, "text", cache_if=lambda answer: "never" in answer)
    all_of_them.twice()
    none_of_them.twice()
    assert (all_of_them.calls, none_of_them.calls) == (1, 2)


def test_a_cache_if_that_raises_stores_nothing_and_is_warned_of_once(cache, caplog):
    asker = Asker(cache, chat("stop"), cache_if=lambda answer: answer["no such member"])
    assert asker.twice() == (chat("stop"), chat("stop"))
    assert asker.calls == 2
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "cache_if raised KeyError" in caplog.text


class Color(str, enum.Enum):
    RED = "red"


Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize(
    "answer",
    [
        ("a", "tuple"),
        {"deep": [{"in": ("a", "tuple")}]},
        {1: "the name is no str"},
        {None: 1},
        Color.RED,
        collections.OrderedDict(a=1),
        Point(1, 2),
        b"bytes",
        {"a", "set"},
        object(),
        float("nan"),
        float("inf"),
        "lone surrogate \ud800",
        {"\udfff": 1},
    ],
)
def test_what_json_would_give_back_differently_is_returned_but_not_stored(cache, caplog, answer):
    asker = Asker(cache, answer)
    first, second = asker.twice()
    assert first is answer
    assert second is answer
    assert asker.calls == 2
    assert len(caplog.records) == 1
    assert "not JSON" in caplog.text


def test_an_answer_that_contains_itself_or_has_no_bottom_is_not_stored(cache):
    circular = {"me": None}
    circular["me"] = circular
    deep = []
    for _ in range(100_000):
        deep = [deep]
    for answer in (circular, deep):
        asker = Asker(cache, answer)
        assert asker.ask(*asker.question) is answer
        assert asker.calls == 1
    while deep:  # level by level: freeing it at once takes the C stack
        deep = deep.pop()


def test_an_answer_whose_methods_misbehave_is_returned(cache):
    class Lazy(dict):
        def items(self):
            raise RuntimeError("not loaded")

        keys = __iter__ = items

        def __getattr__(self, name):
            raise RuntimeError(name)

    answer = Lazy(a=1)
    asker = Asker(cache, answer)
    assert asker.ask(*asker.question) is answer


def test_an_sdk_object_is_not_stored_and_the_warning_says_what_to_do(cache, caplog):
    class Completion:
        def model_dump(self): ...

    Asker(cache, Completion()).twice()
    assert "return answer.model_dump()" in caplog.text


@pytest.mark.parametrize("answer", [2**80, -(10**300), 5e-324, 1.7976931348623157e308, -0.0, "é\u2028\x00𝄞"])
def test_numbers_and_text_come_back_exactly(cache, answer):
    _, second = Asker(cache, [answer]).twice()
    assert repr(second) == repr([answer])


def test_tokens_cost_and_latency_of_the_call_are_recorded(cache, client):
    prices = {"gpt-4": Price(input_per_million=10.0, output_per_million=30.0)}
    for cost in (prices, PriceTable(prices), lambda model, usage: 9 * 10e-6 + 3 * 30e-6):
        client.clear()

        @cached_llm_call(cache=cache, cost=cost)
        def ask(provider, model):
            time.sleep(0.02)
            return chat("stop")

        ask("openai", "gpt-4")
        origin = client.get(key_of(ask, "openai", "gpt-4")).origin
        assert (origin.prompt_tokens, origin.completion_tokens) == (9, 3)
        assert origin.cost_usd == pytest.approx(0.00018)
        assert 0.02 <= origin.latency < 1


def test_a_cost_that_raises_counts_as_nothing_and_is_warned_of_once(cache, client, caplog):
    asker = Asker(cache, chat("stop"), cost=lambda model, usage: 1 / 0)
    asker.twice()
    assert asker.calls == 1
    assert client.get(asker.key()).origin.cost_usd == 0
    assert len(caplog.records) == 1
    assert "ZeroDivisionError" in caplog.text


def test_an_answer_over_the_services_limit_is_returned(cache, client):
    large = "x" * (client.config().limits.max_entry_bytes + 1)
    asker = Asker(cache, large)
    assert asker.twice() == (large, large)
    assert asker.calls == 2


@pytest.mark.parametrize(
    ("payload", "content_type"),
    [
        (b'"text"', "text/plain"),
        (b'["a chunk"]', "application/vnd.paracle.chunks+json"),
        (b"{not json", "application/json"),
        (b"NaN", "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 200_000, "application/json"),
        (b'"\x80\x04K\x01."', "application/json"),
    ],
)
def test_an_entry_that_is_not_ours_is_passed_over_and_left_alone(cache, client, payload, content_type):
    asker = Asker(cache, "from the model")
    key = asker.key()
    client.set(key, payload, content_type=content_type)

    assert asker.twice() == ("from the model", "from the model")
    found = client.get(key)
    assert isinstance(found, Hit)
    assert found.payload == payload


def test_what_is_stored_is_json_text(cache, client):
    asker = Asker(cache, {"text": "é", "n": [1, None]})
    assert isinstance(client.get(asker.key()), Miss)
    asker.ask(*asker.question)
    hit = client.get(asker.key())
    assert (hit.content_type, hit.payload) == ("application/json", '{"text":"é","n":[1,null]}'.encode())


def recorded_answers():
    if not RECORDED.is_dir():
        return
    for path in sorted(RECORDED.glob("*.jsonl")):
        for number, line in enumerate(path.read_text().splitlines()):
            record = json.loads(line)
            if isinstance(record, dict) and isinstance(record.get("response_body"), dict):
                yield pytest.param(record["response_body"], id=f"{path.stem}-{number}")


@pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recorded traffic in {RECORDED}")
def test_there_is_recorded_traffic():
    assert len(list(recorded_answers())) > 50


@pytest.mark.parametrize("answer", list(recorded_answers()))
def test_recorded_answers_come_back_as_they_were(cache, answer):
    asker = Asker(cache, answer, cache_if=lambda answer: True)
    first, second = asker.twice()
    assert asker.calls == 1
    assert json.dumps(second) == json.dumps(first)
