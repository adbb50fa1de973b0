"""Every example runs against a real server and prints what it promises."""

import os
import pathlib
import subprocess
import sys
import uuid

import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "examples"

PRINTS = {
    "decorator": ("same call: ", "Hi there, you of 1 message to gpt-4", "Requests: 7 (3 hits, 4 misses)"),
    "manual": ("miss: the model is called", "stored: True", "hit: True", "lives 7200 s", "and gone: True"),
    "stats": ("Requests: 10 (9 hits, 1 misses)", "The service's count: 9 hits, $0.1080 saved", "(1/1000)"),
    "config": ("enabled=True, default_ttl=3600 s", "{'text': 'Hi'}", "at most 3 MiB, for 30 days"),
    "warming": ("3 of 3 warmed", "The answer to: Where is my invoice?", "3 forgotten"),
}


@pytest.mark.parametrize("name", PRINTS)
def test_an_example_prints_what_it_promises(shared_server, name):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PARACLE_CACHE_")}
    settings = {
        "PARACLE_CACHE_ENDPOINT": shared_server.address,
        "PARACLE_CACHE_NAMESPACE": f"example-{uuid.uuid4()}",
        "PARACLE_CACHE_TIMEOUT": "10",
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / f"{name}.py"],
        env={**clean, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for text in PRINTS[name]:
        assert text in done.stdout
