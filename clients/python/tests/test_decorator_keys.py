"""Which calls are the same question: section "Keys of the decorator" of docs/clients.md. No server is needed."""

import functools
import subprocess
import sys

import pytest

from paracle_cache.decorators import cached_llm_call, key_of
from paracle_cache.key import CacheKey, KeyRefused

HELLO = [{"role": "user", "content": "Hello!"}]


@cached_llm_call
def ask(provider, model, messages, temperature=0.7, max_tokens=None, **kwargs):
    """The documented signature."""


def test_a_call_has_the_documented_key():
    key = CacheKey("openai", "gpt-4", HELLO, 0.7, 100, {"seed": 7, "tools": [{"name": "f"}]})
    assert (
        key_of(ask, "openai", "gpt-4", HELLO, 0.7, 100, seed=7, tools=[{"name": "f"}]).digest()
        == key.digest()
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda: key_of(ask, "openai", "gpt-4", HELLO),
        lambda: key_of(ask, "openai", "gpt-4", messages=HELLO),
        lambda: key_of(ask, model="gpt-4", messages=HELLO, provider="openai"),
        lambda: key_of(ask, "openai", "gpt-4", HELLO, 0.7, None),
        lambda: key_of(ask, "openai", "gpt-4", HELLO, seed=None),
        lambda: key_of(ask, "openai", "gpt-4", HELLO, stream=False),
    ],
)
def test_however_a_call_is_written_the_question_is_the_same(call):
    assert call().digest() == CacheKey("openai", "gpt-4", HELLO, 0.7).digest()


NEUTRAL = (
    *("metadata", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "service_tier", "user"),
    *("api_key", "base_url", "callbacks", "extra_headers", "http_client", "max_retries", "organization"),
    *("project", "timeout"),
)


@pytest.mark.parametrize("name", NEUTRAL)
def test_what_does_not_shape_the_answer_is_not_in_the_key(name):
    plain = key_of(ask, "openai", "gpt-4", HELLO).digest()
    assert key_of(ask, "openai", "gpt-4", HELLO, **{name: object()}).digest() == plain


@pytest.mark.parametrize(
    ("name", "value"),
    [("tools", []), ("seed", 0), ("top_p", 0.0), ("stop", ""), ("unheard_of", False), ("stream", True)],
)
def test_everything_else_separates_even_when_it_is_falsy(name, value):
    plain = key_of(ask, "openai", "gpt-4", HELLO).digest()
    assert key_of(ask, "openai", "gpt-4", HELLO, **{name: value}).digest() != plain


def test_key_params_keys_on_the_five_alone_or_on_those_named():
    def ask(provider, model, messages, **kwargs): ...

    five = cached_llm_call(key_params=())(ask)
    seeded = cached_llm_call(key_params=("seed",))(ask)
    plain = CacheKey("openai", "gpt-4", HELLO).digest()

    assert key_of(five, "openai", "gpt-4", HELLO, seed=7, tools=[1]).digest() == plain
    assert key_of(seeded, "openai", "gpt-4", HELLO, tools=[1]).digest() == plain
    with_seed = CacheKey("openai", "gpt-4", HELLO, params={"seed": 7}).digest()
    assert key_of(seeded, "openai", "gpt-4", HELLO, seed=7, tools=[1]).digest() == with_seed


def test_key_params_may_name_what_is_neutral_otherwise():
    @cached_llm_call(key_params=("user",))
    def ask(provider, model, user=None): ...

    assert key_of(ask, "openai", "m", user="a").digest() != key_of(ask, "openai", "m", user="b").digest()


def test_positional_arguments_without_a_name_separate():
    @cached_llm_call(provider="p")
    def ask(model, *parts): ...

    digests = {key_of(ask, *args).digest() for args in [("m",), ("m", "a"), ("m", "b"), ("m", "a", "b")]}
    assert len(digests) == 4


def test_a_name_that_stands_for_two_things_has_no_key():
    @cached_llm_call(provider="p")
    def positional_only(a="default", /, **kwargs): ...

    @cached_llm_call(provider="p")
    def variable(*args, **kwargs): ...

    with pytest.raises(ValueError, match="do not fit"):
        key_of(positional_only, a="in kwargs")
    with pytest.raises(ValueError, match="do not fit"):
        key_of(variable, 1, args=1)
    assert key_of(variable, 1).digest() != key_of(variable, 2).digest()


def test_a_member_of_the_wrong_type_is_refused_and_not_mixed_up_with_none():
    for wrong in ({"model": 0}, {"provider": 0}, {"messages": "Hello!"}, {"temperature": True}):
        arguments = {"provider": "openai", "model": "gpt-4", "messages": HELLO} | wrong
        with pytest.raises(KeyRefused):
            key_of(ask, **arguments).digest()


class OpenAIProvider:
    @cached_llm_call(ttl=3600)
    async def chat_completion(self, model, messages, temperature=0.7, max_tokens=None, **kwargs): ...

    @classmethod
    @cached_llm_call
    def inner_classmethod(cls, model): ...

    @cached_llm_call
    @classmethod
    def outer_classmethod(cls, model): ...

    @staticmethod
    @cached_llm_call(provider="p")
    def inner_staticmethod(model, question): ...

    @cached_llm_call(provider="p")
    @staticmethod
    def outer_staticmethod(model, question): ...


def test_the_object_is_not_in_the_key_but_names_the_provider():
    a, b = OpenAIProvider(), OpenAIProvider()
    key = CacheKey("OpenAIProvider", "gpt-4", HELLO, 0.7)

    assert key_of(a.chat_completion, "gpt-4", HELLO).digest() == key.digest()
    assert key_of(b.chat_completion, "gpt-4", HELLO).digest() == key.digest()


class Named(OpenAIProvider):
    provider = "openai"

    @cached_llm_call(provider="the decorator's")
    def decorated(self, model, provider=None): ...


class Broken(OpenAIProvider):
    @property
    def provider(self):
        raise RuntimeError("not configured")


def test_the_provider_is_the_calls_then_the_decorators_then_the_objects_then_the_class_name():
    named = Named()
    assert key_of(named.decorated, "m", provider="the call's").provider == "the call's"
    assert key_of(named.decorated, "m").provider == "the decorator's"
    assert key_of(named.chat_completion, "m", HELLO).provider == "openai"
    assert key_of(named.chat_completion, "m", HELLO, provider="the call's").provider == "the call's"
    assert key_of(OpenAIProvider().chat_completion, "m", HELLO).provider == "OpenAIProvider"
    assert key_of(Broken().chat_completion, "m", HELLO).provider == "Broken"


def test_an_object_tells_its_model_if_the_call_does_not():
    class Agent:
        def __init__(self, model):
            self.model = model

        @cached_llm_call(provider="p")
        def ask(self, question, model=None): ...

    assert key_of(Agent("gpt-4").ask, "q").model == "gpt-4"
    assert key_of(Agent("gpt-4").ask, "q", model="the call's").model == "the call's"
    assert key_of(Agent(object()).ask, "q").model == ""


def test_class_and_static_methods_in_either_order():
    assert key_of(Named.inner_classmethod, "m") == CacheKey("openai", "m", params={})
    assert key_of(Named.outer_classmethod, "m") == CacheKey("openai", "m", params={})
    assert key_of(OpenAIProvider.inner_classmethod, "m").provider == "OpenAIProvider"
    for static in (OpenAIProvider.inner_staticmethod, OpenAIProvider.outer_staticmethod):
        assert key_of(static, "m", "a").digest() == CacheKey("p", "m", params={"question": "a"}).digest()


@cached_llm_call
def ask_nobody_in_particular(model): ...


def test_a_function_without_a_provider_goes_by_its_own_name():
    assert key_of(ask_nobody_in_particular, "m").provider == f"{__name__}.ask_nobody_in_particular"


def test_functions_that_share_their_name_have_no_key_without_a_provider():
    def asker(system_prompt):
        @cached_llm_call
        def ask(question):
            return system_prompt + question

        return ask

    for function in (asker("be brief"), cached_llm_call(lambda question: question)):
        with pytest.raises(ValueError, match=r"say cached_llm_call\(provider=...\)"):
            key_of(function, "q")


def test_an_argument_that_is_called_self_is_in_the_key():
    @cached_llm_call(provider="p")
    def classify(cls, text): ...

    assert key_of(classify, "spam", "text").digest() != key_of(classify, "ham", "text").digest()


def test_arguments_that_misbehave_are_a_reason_not_to_cache(caplog):
    class Lazy(dict):
        def items(self, *_):
            raise RuntimeError("not loaded")

        __iter__ = keys = __getitem__ = __eq__ = items

    for arguments in ({"provider": Lazy(a=1)}, {"provider": "p", "options": Lazy(a=1)}):
        assert cached_llm_call(lambda **kwargs: len(kwargs))(**arguments) == len(arguments)
    assert ["RuntimeError: not loaded" in it.getMessage() for it in caplog.records] == [True, True]


def test_functions_of_two_scripts_are_not_mixed_up(tmp_path):
    code = """if True:
        from paracle_cache.decorators import cached_llm_call, key_of
        @cached_llm_call
        def ask(model): ...
        print(key_of(ask, "m").provider)
    """
    for name in ("one", "two"):
        tmp_path.joinpath(f"{name}.py").write_text(code)
    outputs = [
        subprocess.run([sys.executable, tmp_path / name], capture_output=True, text=True, check=True).stdout
        for name in ("one.py", "two.py")
    ]
    assert outputs == [f"{tmp_path / name}:ask\n" for name in ("one.py", "two.py")]

    typed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "say cached_llm_call(provider=...)" in typed.stderr


def test_what_partials_and_bound_methods_hold_is_in_the_key():
    class Asker:
        provider = "openai"

        def ask(self, model, question): ...

        __call__ = ask

    def ask(provider, model, question=None): ...

    key = CacheKey("openai", "m", params={"question": "q"})
    holders = (
        functools.partial(ask, "openai", question="q"),
        functools.partial(functools.partial(ask, question="q"), "openai"),
        functools.partial(Asker().ask, question="q"),
    )
    assert [key_of(cached_llm_call(holder), "m").digest() for holder in holders] == [key.digest()] * 3
    for asker in (Asker().ask, Asker()):
        assert key_of(cached_llm_call(asker), "m", "q").digest() == key.digest()


def test_a_stream_and_a_document_of_one_question_are_two_entries():
    @cached_llm_call(provider="p", key_params=())
    def stream(model):
        yield model

    assert key_of(stream, "m").digest() == CacheKey("p", "m", params={"stream": True}).digest()


def test_only_decorated_functions_have_keys():
    with pytest.raises(TypeError, match="not decorated with cached_llm_call"):
        key_of(lambda: None)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"ttl": 0}, "ttl is 0: seconds over 0"),
        ({"ttl": "60"}, "ttl is '60': seconds over 0"),
        ({"key_params": "seed"}, "in a sequence"),
        ({"key_params": ("sed",)}, "names 'sed', which the function does not take"),
        ({"tags": "team"}, "a sequence of labels"),
        ({"tags": ("a", "a")}, "no two alike"),
        ({"tags": ("",)}, "1 to 128 bytes"),
        ({"ttll": 3}, "ttll"),
        ({"cache": "redis"}, "SafeCache is accepted"),
    ],
)
def test_an_option_that_cannot_be_right_is_refused_at_once(options, complaint):
    with pytest.raises((TypeError, ValueError), match=complaint):

        @cached_llm_call(**options)
        def ask(provider, model, seed=None): ...


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match="decorates functions and methods, not 7"):
        cached_llm_call(ttl=60)(7)
    with pytest.raises(TypeError, match="not <class"):
        cached_llm_call(OpenAIProvider)
