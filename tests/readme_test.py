"""What README.md tells a new user to type works as it stands there."""

import os
import re
import subprocess
import sys

import pytest

from support.server_process import ROOT

README = ROOT.joinpath("README.md").read_text()

CALLS_TWICE = """
import asyncio
calls = []

async def call_the_model(provider, model, messages, temperature, **kwargs):
    calls.append(kwargs)
    return {"role": "assistant", "content": "Hi there!"}

async def main():
    for tools in ([], [], [{"name": "search"}]):
        answer = await ask("openai", "gpt-4", [{"role": "user", "content": "Hello!"}], tools=tools)
        assert answer == {"role": "assistant", "content": "Hi there!"}
    print(len(calls))

asyncio.run(main())
"""


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def run_python(code: str, endpoint: str) -> str:
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
                         env={**os.environ, "PARACLE_CACHE_ENDPOINT": endpoint, "OPENAI_API_KEY": "none"})
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_decorated_example_asks_the_model_once_for_each_question(server):
    assert run_python(examples("python")[0] + CALLS_TWICE, server.address) == "2\n"


def test_the_example_with_a_transport_makes_a_client(server):
    run_python(examples("python")[1], server.address)


@pytest.mark.parametrize("name", ["New", "Do", "Key", "NewTransport"])
def test_the_go_example_uses_what_the_package_has(name):
    assert f"{name}(" in examples("go")[0] or f"{name}{{" in examples("go")[0]
    sources = "".join(path.read_text() for path in ROOT.joinpath("clients/go").glob("*.go"))
    assert re.search(rf"^(func (\([^)]*\) )?{name}\(|type {name} )", sources, re.MULTILINE)


def test_every_script_and_page_named_in_the_readme_exists():
    for script in set(re.findall(r"\bscripts/\w+", README)):
        assert ROOT.joinpath(script).is_file(), script
    for page in set(re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", README)):
        assert ROOT.joinpath(page).exists(), page
