"""What must stay secret is found in nothing that server, CLI and client write, at the most talkative level.

Tokens, prompts, answers, keys and tags are marked; so is a namespace, which may be told: so the search can find.
"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

import pytest

from support.server_process import ROOT, binary, running_server

PROMPT, ANSWER, TAG, QUERY = "canary-prompt", "canary-answer", "canary-tag", "canary-query"
NAMESPACE = "canary-namespace"
BODY = {"model": "m", "messages": [{"role": "user", "content": PROMPT}]}

# Every way in which a Python program uses the cache, with a log that keeps nothing to itself.
PROGRAM = f"""
import logging, sys
logging.basicConfig(level=logging.DEBUG)
from paracle_cache import CacheKey, Client
from paracle_cache.decorators import cached_llm_call
from paracle_cache.errors import CacheError
from paracle_cache.failsafe import SafeCache

@cached_llm_call()
def ask(provider, model, messages):
    return {{"content": "{ANSWER}"}}

for _ in range(2):
    ask("openai", "m", [{{"role": "user", "content": "{PROMPT}"}}])
key = CacheKey(provider="openai", model="m", messages=[{{"role": "user", "content": "{PROMPT}"}}])
with Client() as client:
    client.set(key, b"{ANSWER}", tags=["{TAG}"])
    client.get(key)
    print(client.stats())
for token in (None, "paracle_x_" + "A" * 43, "{QUERY}"):
    with Client(token=token) as client:
        try:
            client.get(key)
        except CacheError as error:
            print(error)
    cache = SafeCache(Client(token=token))
    cache.lookup(key)
    cache.close()
"""


@pytest.fixture
def token(tmp_path) -> str:
    """Of everybody, and the tokens file."""
    made = subprocess.run([binary("paracle"), "cache", "token", "new", "--id", "all", "--role",
                           "reader,writer,invalidator,admin", "--namespace", "*"], capture_output=True, text=True,
                          check=True)
    secret, line = made.stdout.splitlines()
    assert secret not in made.stderr and secret not in line
    tmp_path.joinpath("tokens").write_text(f"{line}\n")
    return secret


def run(command: list[str], endpoint: str, token: str, **extra: str) -> bytes:
    """All that a program writes, and whatever came of it."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PARACLE_CACHE_")}
    done = subprocess.run(command, capture_output=True, timeout=60, env=clean | {
        "PARACLE_CACHE_ENDPOINT": endpoint, "PARACLE_CACHE_NAMESPACE": NAMESPACE, "PARACLE_CACHE_TOKEN": token,
        "PARACLE_CACHE_TIMEOUT": "10", "PYTHONPATH": str(ROOT / "clients/python/src"), "GRPC_VERBOSITY": "debug"} | extra)
    return done.stdout + done.stderr


def wait_for(server, said: str):
    give_up = time.monotonic() + 30
    while said not in "".join(server.log):
        assert time.monotonic() < give_up, f"{said} is not in the log"
        time.sleep(0.02)


def use_the_cli(tmp_path: pathlib.Path, endpoint: str, token: str) -> bytes:
    body, payload = tmp_path / "body.json", tmp_path / "payload"
    body.write_text(json.dumps(BODY))
    payload.write_text(ANSWER)
    question = ["--request", str(body), "--provider", "openai", "--endpoint", "/v1/chat/completions"]
    commands = [["set", *question, "--payload", str(payload), "--tag", TAG], ["invalidate", "--tag", TAG], ["stats"],
                ["config"], ["health"], ["clear", "--yes"], ["set", *question, "--payload", str(payload)]]
    written = b"".join(run([binary("paracle"), "cache", *command], endpoint, token) for command in commands)
    # Refused, with all that the user said.
    return written + run([binary("paracle"), "cache", "get", *question], endpoint, "paracle_x_" + "A" * 43)


def everything_written(tmp_path: pathlib.Path, token: str) -> dict[str, bytes]:
    flags = (f"--tokens-file={tmp_path}/tokens", f"--audit-log={tmp_path}/audit", "--log-level=debug",
             "--admin-listen=127.0.0.1:0")
    with running_server(*flags, env={"GRPC_VERBOSITY": "debug"}) as server:
        written = {"cli": use_the_cli(tmp_path, server.address, token),
                   "python": run([sys.executable, "-c", PROGRAM], server.address, token)}
        # A line that is wrong, with a token where its hash belongs.
        known = tmp_path.joinpath("tokens").read_text()
        tmp_path.joinpath("tokens").write_text(f"{known}id=b sha256={token} roles=reader namespaces=*\n")
        wait_for(server, "file not reloaded")
        written["metrics"] = urllib.request.urlopen(server.metrics_url(), timeout=10).read()
        written["cmdline"] = pathlib.Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
        assert server.stop() == 0
        wait_for(server, " stopped")
        written["log"] = "".join(server.log).encode()
    written["audit"] = tmp_path.joinpath("audit").read_bytes()
    return written


def places(written: dict[str, bytes], needle: str) -> set[str]:
    spellings = [needle.encode(), needle.encode().hex().encode()]
    return {name for name, text in written.items() if any(spelling in text for spelling in spellings)}


def test_no_secret_is_written_anywhere(tmp_path, token):
    written = everything_written(tmp_path, token)
    for secret in (token, token[-43:], hashlib.sha256(token.encode()).hexdigest(), PROMPT, ANSWER, TAG, QUERY):
        assert places(written, secret) == set(), secret
    document = {"endpoint": "/v1/chat/completions", "messages": BODY["messages"], "model": "m", "provider": "openai",
                "v": 1}
    digest = hashlib.sha256(json.dumps(document, separators=(",", ":"), sort_keys=True).encode()).hexdigest()
    assert places(written, digest) <= {"cli"}  # Who asks the CLI is told the digest of their own question.
    # What may be told is: the search finds what is there, where somebody would look for it.
    assert {"audit", "cli", "metrics"} <= places(written, NAMESPACE)
    assert b'"caller":"all","method":"Invalidate"' in written["audit"]
    assert b"Unauthenticated" in written["audit"] and b"no valid credentials" in written["python"]
    assert b"call failed" in written["log"] and b"paracle-cache-server" in written["cmdline"]


def test_a_secret_that_is_written_is_found(tmp_path, token):
    path = tmp_path / f"{token}"
    path.write_text("")
    refused = subprocess.run([binary("paracle-cache-server"), f"--tokens-file={path}"], capture_output=True, timeout=30)
    assert places({"log": refused.stderr}, token) == {"log"}
