"""Runs the real `paracle`, against the real server or one that misbehaves on purpose."""

import concurrent.futures
import contextlib
import os
import subprocess

import grpc
import pytest

from support.server_process import binary, running_server


def clean_environment(**extra: str) -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("PARACLE_CACHE_")} | extra


class Result:
    def __init__(self, done: subprocess.CompletedProcess):
        self.code, self.raw = done.returncode, done.stdout
        self.out, self.err = done.stdout.decode(errors="replace"), done.stderr.decode()

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Paracle:
    """Runs `paracle cache COMMAND...` against one endpoint and waits for it."""

    program = binary("paracle")

    def __init__(self, endpoint: str | None = None):
        self.endpoint = endpoint

    def environment(self, **extra: str) -> dict[str, str]:
        defaults = {"PARACLE_CACHE_TIMEOUT": "10"}  # Half a second is short for a machine that is building.
        if self.endpoint:
            defaults["PARACLE_CACHE_ENDPOINT"] = self.endpoint
        return clean_environment(**(defaults | extra))

    def __call__(self, *args: str, stdin: bytes | None = b"", **extra: str) -> Result:
        return Result(subprocess.run([self.program, "cache", *args], input=stdin, capture_output=True, timeout=60,
                                     env=self.environment(**extra)))

    def start(self, *args: str, **popen) -> subprocess.Popen:
        return subprocess.Popen([self.program, "cache", *args], env=self.environment(), **popen)


@pytest.fixture
def paracle() -> Paracle:
    """Without a server: nothing listens on port 1 of loopback."""
    return Paracle("127.0.0.1:1")


@pytest.fixture
def serve_with():
    """A function that starts a server with flags; each is stopped after the test."""
    with contextlib.ExitStack() as stack:
        def start(*flags: str) -> Paracle:
            process = stack.enter_context(running_server(*flags))
            client = Paracle(process.address)
            client.server = process
            return client
        yield start


@pytest.fixture
def served(serve_with) -> Paracle:
    """With a server of its own, empty, as it comes."""
    return serve_with()


@pytest.fixture
def body(tmp_path):
    """Flags that name one question."""
    path = tmp_path / "body.json"
    path.write_text('{"model": "gpt-4", "messages": [{"role": "user", "content": "Hello!"}], "user": "u-1"}')
    return ["--request", str(path), "--provider", "openai", "--endpoint", "/v1/chat/completions"]


@pytest.fixture
def fake(stubs):
    """A function that starts a server whose CacheService and AdminService have the methods given to it."""
    _, cache_grpc, _, admin_grpc = stubs
    servers = []

    def start(credentials: grpc.ServerCredentials | None = None, **methods) -> Paracle:
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=2))
        for base, register in ((cache_grpc.CacheServiceServicer, cache_grpc.add_CacheServiceServicer_to_server),
                               (admin_grpc.AdminServiceServicer, admin_grpc.add_AdminServiceServicer_to_server)):
            own = {name: staticmethod(method) for name, method in methods.items() if hasattr(base, name)}
            register(type("Fake", (base,), own)(), server)
        address = "127.0.0.1:0"
        port = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
        server.start()
        servers.append(server)
        return Paracle(f"127.0.0.1:{port}")

    yield start
    for server in servers:
        server.stop(None)
