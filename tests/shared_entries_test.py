"""What an agent in one language asked, an agent in another is answered from the cache: transports share their entries."""

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading

import pytest

from support.server_process import ROOT

GO_CLIENT = ROOT / "clients" / "go"
PYTHON_POST = """
import sys
import httpx
from paracle_cache.httpx import CachingTransport

with httpx.Client(transport=CachingTransport()) as client:
    response = client.post(sys.argv[1], content=sys.stdin.buffer.read(), headers={"content-type": "application/json"})
print(response.headers["x-paracle-cache"])
sys.stdout.flush()
sys.stdout.buffer.write(response.content)
"""

DOCUMENT = json.dumps({"choices": [{"message": {"content": "Grüße"}, "finish_reason": "stop"}],
                       "usage": {"prompt_tokens": 3, "completion_tokens": 2}}, ensure_ascii=False).encode()
STREAM = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in (
    {"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})) + b"data: [DONE]\n\n"


class Provider(http.server.ThreadingHTTPServer):
    """Answers like a provider of chat completions, and counts how often it was asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.calls += 1
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            kind, answer = ("text/event-stream", STREAM) if body.get("stream") else ("application/json", DOCUMENT)
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.calls = 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1/chat/completions"


@pytest.fixture
def provider():
    with Provider() as provider:
        threading.Thread(target=provider.serve_forever, daemon=True).start()
        yield provider
        provider.shutdown()


@pytest.fixture(scope="module")
def posts(tmp_path_factory):
    """Commands that post standard input through the caching transport of a language."""
    if shutil.which("go") is None:
        pytest.skip("SKIPPED: Go is not installed")
    program = tmp_path_factory.mktemp("go") / "post"
    subprocess.run(["go", "build", "-o", program, "./internal/post"], cwd=GO_CLIENT, check=True,
                   env={**os.environ, "GOTOOLCHAIN": "auto"})
    return {"python": [sys.executable, "-c", PYTHON_POST], "go": [str(program)]}


def ask(command: list[str], provider: Provider, server, body: dict) -> tuple[str, bytes]:
    run = subprocess.run([*command, provider.url], input=json.dumps(body).encode(), capture_output=True, timeout=60,
                         env={**os.environ, "PARACLE_CACHE_ENDPOINT": server.address})
    assert run.returncode == 0, run.stderr.decode()
    outcome, _, answer = run.stdout.partition(b"\n")
    return outcome.decode(), answer


@pytest.mark.parametrize(("asks", "is_answered"), [("python", "go"), ("go", "python")])
@pytest.mark.parametrize(("stream", "answer"), [(False, DOCUMENT), (True, STREAM)])
def test_an_entry_of_one_language_answers_the_other(posts, provider, server, asks, is_answered, stream, answer):
    body = {"model": "gpt-4", "messages": [{"role": "user", "content": "Grüße, \U0001f600"}], "temperature": 0.7,
            "seed": 7, "stream": stream}

    assert ask(posts[asks], provider, server, body) == ("miss", answer)
    reordered = dict(reversed(body.items())) | {"user": "somebody else"}
    assert ask(posts[is_answered], provider, server, reordered) == ("hit", answer)
    assert ask(posts[is_answered], provider, server, body | {"seed": 8})[0] == "miss"
    assert provider.calls == 2
