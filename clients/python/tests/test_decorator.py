"""A decorated function answers the same question from the cache, and behaves as before in every other way."""

# ruff: noqa: ARG001, ARG002, ARG003, ARG004, ARG005  # what is decorated here uses few of its arguments

import asyncio
import functools
import inspect
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from paracle_cache.client import Client
from paracle_cache.decorators import cached_llm_call, key_of
from paracle_cache.failsafe import SafeCache
from paracle_cache.stats import get_stats_tracker

HELLO = [{"role": "user", "content": "Hello!"}]


class Model:
    """Answers every call differently, and counts them."""

    def __init__(self):
        self.calls = 0

    def answer(self, *_args, **_kwargs):
        self.calls += 1
        return {"text": f"answer {self.calls}", "tags": ["a"]}


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def ask(cache, model):
    @cached_llm_call(ttl=60, cache=cache)
    def ask(provider, model_name, messages, temperature=0.7, max_tokens=None, **kwargs):
        return model.answer()

    return ask


def test_the_same_question_is_answered_once(ask, model):
    first = ask("openai", "gpt-4", HELLO)
    assert ask("openai", "gpt-4", messages=HELLO, temperature=0.7) == first
    assert model.calls == 1


def test_another_question_calls_the_model(ask, model):
    ask("openai", "gpt-4", HELLO)
    for other in ({"temperature": 0.8}, {"max_tokens": 5}, {"tools": [{"name": "f"}]}, {"seed": 1}):
        ask("openai", "gpt-4", HELLO, **other)
    assert model.calls == 5


def test_without_parentheses_and_with_a_positional_ttl(cache, model, monkeypatch):
    monkeypatch.setattr(SafeCache, "shared", classmethod(lambda _cls: cache))
    plain = cached_llm_call(lambda provider, question: model.answer())
    timed = cached_llm_call(30)(lambda provider, other: model.answer())

    assert plain("p", "q") == plain("p", "q")
    assert timed("p", "q") == timed("p", "q")
    assert model.calls == 2


async def test_coroutine_functions(async_cache, model):
    @cached_llm_call(cache=async_cache)
    async def ask(provider, messages):
        await asyncio.sleep(0)
        return model.answer()

    assert await ask("openai", HELLO) == await ask(provider="openai", messages=HELLO)
    assert model.calls == 1


async def test_methods_share_answers_between_objects(async_cache, model):
    class OpenAIProvider:
        @cached_llm_call(ttl=3600, cache=async_cache)
        async def chat_completion(self, model_name, messages, temperature=0.7, max_tokens=None, **kwargs):
            return model.answer() | {"seen": kwargs}

    first = await OpenAIProvider().chat_completion("gpt-4", HELLO, tools=[1], user="me")
    again = await OpenAIProvider().chat_completion("gpt-4", HELLO, tools=[1], user="you")
    other = await OpenAIProvider().chat_completion("gpt-4", HELLO, tools=[2])

    assert first == again
    assert first["seen"] == {"tools": [1], "user": "me"}
    assert other["seen"] == {"tools": [2]}


def test_class_methods_and_static_methods(cache, model):
    class Provider:
        @classmethod
        @cached_llm_call(cache=cache)
        def of_class(cls, question):
            return model.answer() | {"cls": cls.__name__}

        @cached_llm_call(cache=cache, provider="p")
        @staticmethod
        def static(question):
            return model.answer()

    assert Provider.of_class("q") == Provider().of_class("q")
    assert Provider.static("q") == Provider().static("q")
    assert model.calls == 2


async def test_callable_objects_and_partials(cache, async_cache, model):
    class Ask:
        async def __call__(self, provider, question):
            return model.answer()

    asked = cached_llm_call(cache=async_cache)(Ask())
    assert await asked("p", "q") == await asked("p", "q")

    partial = cached_llm_call(cache=cache)(functools.partial(lambda provider, question: model.answer(), "p"))
    assert partial("q2") == partial("q2")
    assert model.calls == 2


def test_a_decorated_function_looks_like_the_one_underneath(ask):
    def plain(provider: str, model: str = "m") -> dict:
        """Its docstring."""

    decorated = cached_llm_call(plain)
    assert (decorated.__name__, decorated.__doc__, decorated.__wrapped__) == (
        "plain",
        "Its docstring.",
        plain,
    )
    assert inspect.signature(decorated) == inspect.signature(plain)


def test_a_decorated_function_is_of_the_same_kind():
    async def coroutine(): ...

    async def async_generator():
        yield

    def generator():
        yield

    assert inspect.iscoroutinefunction(cached_llm_call(coroutine))
    assert inspect.isasyncgenfunction(cached_llm_call(async_generator))
    assert inspect.isgeneratorfunction(cached_llm_call(generator))
    assert inspect.isfunction(cached_llm_call(lambda: None))


def test_a_wrong_call_raises_what_the_bare_function_raises(ask):
    for args, kwargs in [((), {}), (("p", "m", HELLO, 1, 2, 3), {}), (("p",), {"provider": "p"})]:
        with pytest.raises(TypeError) as bare:
            ask.__wrapped__(*args, **kwargs)
        with pytest.raises(TypeError) as decorated:
            ask(*args, **kwargs)
        assert str(decorated.value) == str(bare.value)


@pytest.mark.parametrize("raised", [ValueError("rate limit"), KeyboardInterrupt(), SystemExit(3)])
def test_what_the_function_raises_is_passed_on_and_nothing_is_stored(cache, model, raised):
    fails = [True]

    @cached_llm_call(cache=cache)
    def ask(provider, question):
        if fails:
            raise raised
        return model.answer()

    with pytest.raises(type(raised)) as caught:
        ask("p", "q")
    assert caught.value is raised

    fails.clear()
    assert ask("p", "q") == {"text": "answer 1", "tags": ["a"]}


async def test_a_cancelled_call_stores_nothing(async_cache, model):
    started = asyncio.Event()

    @cached_llm_call(cache=async_cache)
    async def ask(provider, question):
        started.set()
        if model.calls == 0:
            model.calls += 1
            await asyncio.Event().wait()
        return model.answer()

    task = asyncio.create_task(ask("p", "q"))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await ask("p", "q"))["text"] == "answer 2"


def test_a_caller_that_changes_its_answer_changes_nobody_elses(ask):
    first = ask("openai", "gpt-4", HELLO)
    first["text"] = "changed"
    first["tags"].append("changed")
    second = ask("openai", "gpt-4", HELLO)
    second["tags"].append("changed")

    assert ask("openai", "gpt-4", HELLO) == {"text": "answer 1", "tags": ["a"]}


def test_the_key_is_that_of_the_arguments_as_they_were_given(cache, model):
    @cached_llm_call(cache=cache)
    def ask(provider, messages):
        messages.append({"role": "assistant", "content": "a habit of agents"})
        return model.answer()

    assert ask("p", list(HELLO)) == ask("p", list(HELLO))
    assert model.calls == 1


def test_an_argument_that_is_not_json_bypasses_the_cache_with_one_warning(ask, model, caplog):
    for _ in range(3):
        ask("openai", "gpt-4", HELLO, tools=[object()])

    assert model.calls == 3
    [record] = caplog.records
    assert (record.name, record.levelno) == ("paracle_cache", logging.WARNING)
    assert "/params/tools/0: object is not JSON" in record.getMessage()


def test_a_number_that_cannot_be_told_exactly_bypasses_the_cache(ask, model):
    ask("openai", "gpt-4", HELLO, seed=2**53)
    ask("openai", "gpt-4", HELLO, seed=2**53 + 1)
    assert model.calls == 2


def test_an_async_function_needs_an_async_cache(cache):
    with pytest.raises(TypeError, match="AsyncSafeCache is accepted"):

        @cached_llm_call(cache=cache)
        async def ask(provider): ...


def test_an_invalidated_answer_is_asked_for_again(ask, model, client):
    ask("openai", "gpt-4", HELLO)
    client.invalidate(key_of(ask, "openai", "gpt-4", HELLO))
    ask("openai", "gpt-4", HELLO)
    assert model.calls == 2


def test_an_answer_older_than_an_invalidation_is_not_stored(cache, client, model):
    @cached_llm_call(cache=cache)
    def ask(provider, question):
        if model.calls == 0:
            client.invalidate(key_of(ask, provider, question))  # while the model is still at it
        return model.answer()

    assert ask("p", "q")["text"] == "answer 1"
    assert ask("p", "q")["text"] == "answer 2"
    assert ask("p", "q")["text"] == "answer 2"


def test_tags_and_ttl_are_stored(cache, client, model):
    @cached_llm_call(ttl=1000, tags=("prompts-v1",), cache=cache)
    def ask(provider, question):
        return model.answer()

    ask("p", "q")
    hit = client.get(key_of(ask, "p", "q"))
    assert 990 < (hit.expire_time - hit.create_time).total_seconds() <= 1000
    assert client.invalidate(tag="prompts-v1").count == 1


def test_many_threads_get_their_own_answers(cache):
    @cached_llm_call(cache=cache)
    def ask(provider, question):
        return {"answer to": question}

    start = threading.Barrier(8)

    def run(seed):
        start.wait(timeout=10)
        questions = [(seed * 7 + i) % 50 for i in range(200)]
        return all(ask("p", question) == {"answer to": question} for question in questions)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(run, range(8)))


async def test_many_tasks_get_their_own_answers(async_cache):
    @cached_llm_call(cache=async_cache)
    async def ask(provider, question):
        await asyncio.sleep(0)
        return {"answer to": question}

    answers = await asyncio.gather(*(ask("p", i % 50) for i in range(1000)))
    assert answers == [{"answer to": i % 50} for i in range(1000)]


def test_hits_and_misses_are_counted_for_the_process(ask):
    before = get_stats_tracker().get_stats()
    for _ in range(3):
        ask("openai", "gpt-4", HELLO)
    after = get_stats_tracker().get_stats()
    assert (after.hits - before.hits, after.misses - before.misses) == (2, 1)


def test_a_cache_that_is_off_is_not_there(shared_server, model):
    off = SafeCache(Client(shared_server.address, enabled=False))
    ask = cached_llm_call(cache=off)(lambda provider, question: model.answer())
    ask("p", "q")
    ask("p", "q")
    assert model.calls == 2


def test_another_kind_of_event_loop_goes_on_without_the_cache(model, caplog):
    @cached_llm_call
    async def ask(provider, question):
        return model.answer()

    with pytest.raises(StopIteration) as end:  # no asyncio here
        ask("p", "q").send(None)
    assert end.value.value["text"] == "answer 1"
    assert "which needs asyncio" in caplog.text
