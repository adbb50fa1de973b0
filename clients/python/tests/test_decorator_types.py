"""A type checker sees the signature of the function underneath. Needs mypy."""

import os
import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("mypy")

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "src"

CODE = """
from collections.abc import AsyncIterator, Iterator
from paracle_cache.decorators import cached_llm_call, key_of
from paracle_cache.pricing import Price

@cached_llm_call(ttl=1800, cost={"gpt-4": Price(30, 60)}, tags=["a"], key_params=["model"])
async def coroutine(model: str, temperature: float = 0.7) -> dict[str, int]:
    return {}

@cached_llm_call
def plain(model: str) -> str:
    return model

@cached_llm_call(60)
def stream(model: str) -> Iterator[str]:
    yield model

class Provider:
    @cached_llm_call()
    async def method(self, model: str) -> AsyncIterator[str]:
        yield model

    @classmethod
    @cached_llm_call
    def of_class(cls, model: str) -> int:
        return 1

reveal_type(coroutine)
reveal_type(plain)
reveal_type(stream("m"))
reveal_type(Provider().method("m"))
reveal_type(Provider.of_class("m"))
reveal_type(key_of(plain, "m"))
"""

REVEALED = (
    "def (model: str, temperature: float =) -> typing.Coroutine[Any, Any, dict[str, int]]",
    "def (model: str) -> str",
    "typing.Iterator[str]",
    "typing.AsyncIterator[str]",
    "int",
    "paracle_cache.key.CacheKey",
)


WRONG = {
    "plain(7)": "[arg-type]",
    "plain()": "[call-arg]",
    "key_of(plain, model=7)": "[arg-type]",
    "cached_llm_call(ttl='60')": "[call-overload]",
    "cached_llm_call(ttll=60)": "[call-overload]",
}


@pytest.fixture(scope="module")
def messages(tmp_path_factory):
    """What mypy says of CODE and of the calls in WRONG, line by line."""
    folder = tmp_path_factory.mktemp("mypy")
    folder.joinpath("agent.py").write_text(CODE + "\n".join(WRONG))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", "cache", "agent.py"],
        env=os.environ | {"MYPYPATH": str(SOURCE), "MYPY_FORCE_COLOR": "0"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return [
        line.replace("builtins.", "") for line in done.stdout.splitlines() if line.startswith("agent.py:")
    ]


def test_decorated_functions_keep_their_types(messages):
    revealed = [line.split("Revealed type is ")[1].strip('"') for line in messages if "Revealed" in line]
    assert revealed == list(REVEALED)


def test_wrong_calls_are_found_and_nothing_else(messages):
    errors = [line for line in messages if " error: " in line]
    first = len(CODE.splitlines()) + 1
    assert len(errors) == len(WRONG), errors
    for number, (line, code) in enumerate(zip(errors, WRONG.values(), strict=True), first):
        assert line.startswith(f"agent.py:{number}:")
        assert line.endswith(code)
