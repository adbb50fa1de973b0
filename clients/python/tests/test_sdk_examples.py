"""The examples with providers' SDKs, run as they are: only the provider is one that plays recorded answers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from replay import recorded
from replay.provider import Answer, Provider

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.fixture
def run(shared_server, namespace):
    with Provider().serving() as provider:

        def run(name: str, pair: recorded.Pair) -> tuple[list[str], int]:
            provider.answer = Answer.of(pair)
            clean = {key: value for key, value in os.environ.items() if not key.startswith("PARACLE_CACHE_")}
            settings = {
                "PARACLE_CACHE_ENDPOINT": shared_server.address,
                "PARACLE_CACHE_NAMESPACE": namespace,
                "PARACLE_CACHE_TIMEOUT": "10",
                "OPENAI_API_KEY": "k",
                "OPENAI_BASE_URL": f"{provider.url}/v1",
                "ANTHROPIC_API_KEY": "k",
                "ANTHROPIC_BASE_URL": provider.url,
            }
            done = subprocess.run(
                [sys.executable, "-W", "error", EXAMPLES / f"{name}.py"],
                env=clean | settings,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert (done.returncode, done.stderr) == (0, "")
            return done.stdout.splitlines(), provider.calls

        yield run


def test_openai_transport(run):
    pair = recorded.pick("openai", "/chat/completions", "plain")[0]
    lines, calls = run("openai_transport", pair)
    said = pair.answer["choices"][0]["message"]["content"]
    assert "\n".join(lines) == f"miss: {said}\nhit: {said}\nbypass: {said}"
    assert calls == 2


def test_anthropic_transport(run):
    lines, calls = run("anthropic_transport", recorded.pick("anthropic", "/messages", "plain")[0])
    miss, hit = lines
    assert miss.startswith("miss: [TextBlock(")
    assert hit == miss.replace("miss", "hit", 1)
    assert calls == 1


def test_streaming(run):
    lines, calls = run("streaming", recorded.pick("openai", "/chat/completions", "plain-stream")[0])
    outcomes = [line.split(" in ")[0] for line in lines if " chunks in " in line]
    assert [outcome.split(": ")[0] for outcome in outcomes] == ["miss", "hit"]
    assert outcomes[0].split(": ")[1] == outcomes[1].split(": ")[1]
    assert lines[0] == lines[len(lines) // 2]
    assert calls == 1
