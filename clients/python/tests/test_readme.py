"""What README.md and MIGRATING.md tell a user to type and to rely on is so."""

import dataclasses
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import uuid

import pytest

from paracle_cache._decorated.call import NEUTRAL
from paracle_cache.cache_manager import CacheConfig

PACKAGE = pathlib.Path(__file__).resolve().parent.parent
ROOT = PACKAGE.parent.parent
README = PACKAGE.joinpath("README.md").read_text()
MIGRATING = PACKAGE.joinpath("MIGRATING.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def run(code, server, tmp_path):
    """What a script of that text prints. The server of the text is the server of the test."""
    script = tmp_path / "agent.py"
    script.write_text(code.replace("localhost:50051", server.address))
    settings = {
        "PARACLE_CACHE_ENDPOINT": server.address,
        "PARACLE_CACHE_NAMESPACE": f"readme-{uuid.uuid4()}",
        "PARACLE_CACHE_TIMEOUT": "10",
        "OPENAI_API_KEY": "none",
        "ANTHROPIC_API_KEY": "none",
    }
    done = subprocess.run(
        [sys.executable, script],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def missing_modules(code):
    names = re.findall(r"^(?:from|import) (\w+)", code, re.MULTILINE)
    return [name for name in names if importlib.util.find_spec(name) is None]


def test_the_five_lines_ask_the_model_once(shared_server, tmp_path):
    answer = "{'role': 'assistant', 'content': 'Hi there!'}\n"
    assert run(EXAMPLES[0], shared_server, tmp_path) == f"the model is asked\n{answer}{answer}"


@pytest.mark.parametrize("code", EXAMPLES)
def test_every_example_runs(shared_server, tmp_path, code):
    if missing := missing_modules(code):
        pytest.skip(f"not installed: {', '.join(missing)}")
    run(code, shared_server, tmp_path)


@pytest.mark.parametrize("text", [README, MIGRATING], ids=["README", "MIGRATING"])
def test_every_link_leads_somewhere(text):
    targets = re.findall(r"\]\(([^)#]+)(#[^)]*)?\)", text)
    assert targets
    for path, anchor in targets:
        assert (PACKAGE / path).exists(), path
        if anchor:
            headings = re.findall(r"^#+ (.*)$", (PACKAGE / path).read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor[1:] in slugs, anchor


def test_the_settings_are_those_of_every_client():
    table = re.compile(r"^\| `PARACLE_CACHE_(?:.*)$", re.MULTILINE)
    assert table.findall(README) == table.findall(ROOT.joinpath("docs/clients.md").read_text())


def test_the_neutral_arguments_are_all_named():
    sentence = re.search(r"Neutral are (.*?)\.", README, re.DOTALL).group(1)
    assert set(re.findall(r"`(\w+)`", sentence)) == NEUTRAL


def test_every_member_of_the_configuration_is_accounted_for():
    table = set(re.findall(r"^\| `(\w+)` \| `PARACLE_CACHE_", MIGRATING, re.MULTILINE))
    assert table == {field.name for field in dataclasses.fields(CacheConfig)}
