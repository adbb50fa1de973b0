"""What is said to a server with keys is found nowhere: in no RDB, AOF, MONITOR output, channel, core or log.

Two real servers on a real Redis. The same is done without keys, where it is found: so the search can find it.
"""

import base64
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import grpc
import pytest

from support.redis_server import RedisServer, installed
from support.server_process import binary, running_server

pytestmark = pytest.mark.skipif(not installed(), reason="SKIPPED: redis-server is not installed")

NAMESPACE = "canary-namespace"
MODEL = "canary-model"
PROMPT = "canary-prompt"
# Everything that is said to the servers and may lie in Redis, and what of it is there in the clear without keys.
SAID = [NAMESPACE, MODEL, PROMPT, "canary-provider", "canary-tag", "canary-answer", "canary-type", "canary-chunk",
        "canary-recorded-type", "canary-recorded-tag", "canary-invalidated"]
IN_THE_CLEAR = [NAMESPACE, MODEL, "canary-provider", "canary-tag", "canary-answer", "canary-type", "canary-chunk",
                "canary-recorded-type", "canary-recorded-tag"]
SECRETS = {"names": b"canary-secret-of-names-".ljust(32, b"n"), "2026-11": b"canary-secret-that-seals-".ljust(32, b"s")}


def write_keys(path: pathlib.Path, mode: int = 0o600) -> pathlib.Path:
    path.write_text("".join(f"{name} {base64.b64encode(secret).decode()}\n" for name, secret in SECRETS.items()))
    path.chmod(mode)
    return path


class WatchedRedis(RedisServer):
    """A Redis that writes down all it is told, and who listens to everything it says."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        folder.mkdir()
        super().__init__()
        self.listeners = [self._listen("monitor.txt", "MONITOR"), self._listen("channels.txt", "PSUBSCRIBE", "*")]

    def start(self) -> None:
        # Nothing compressed, so that what is there can be seen.
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
             "--appendonly", "yes", "--appendfsync", "always", "--aof-use-rdb-preamble", "no", "--rdbcompression",
             "no"], stdout=subprocess.DEVNULL)
        give_up = time.monotonic() + 20
        while subprocess.run(["redis-cli", "-p", str(self.port), "PING"], capture_output=True).stdout != b"PONG\n":
            assert time.monotonic() < give_up, "redis-server does not answer"
            time.sleep(0.05)

    def cli(self, *words: str) -> str:
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True,
                              timeout=30, check=True).stdout.strip()

    def _listen(self, name: str, *words: str) -> subprocess.Popen:
        listener = subprocess.Popen(["redis-cli", "-p", str(self.port), *words],
                                    stdout=(self.folder / name).open("wb"))
        give_up = time.monotonic() + 20
        while not (self.folder / name).stat().st_size:
            assert time.monotonic() < give_up, f"{words} says nothing"
            time.sleep(0.02)
        return listener

    def stop_and_read(self) -> dict[str, bytes]:
        assert self.cli("SAVE") == "OK"
        for listener in self.listeners:
            listener.terminate()
            listener.wait(timeout=10)
        return {str(path.relative_to(self.folder)): path.read_bytes()
                for path in self.folder.rglob("*") if path.is_file()}


class Talk:
    """Says everything there is to say to two servers on one Redis."""

    def __init__(self, stubs, first: str, second: str):
        self.cache_pb2, grpc_module, _, _ = stubs
        self.first = grpc_module.CacheServiceStub(grpc.insecure_channel(first))
        self.second = grpc_module.CacheServiceStub(grpc.insecure_channel(second))

    def entry(self, number: int):
        key = self.cache_pb2.CacheKey(provider="canary-provider", model=MODEL, messages_json=json.dumps(
            [{"role": "user", "content": f"{PROMPT} {number}"}]).encode())
        return self.cache_pb2.EntryRef(namespace=NAMESPACE, key=key)

    def store_and_find(self):
        for number in range(5):
            self.first.Set(self.cache_pb2.SetRequest(entry=self.entry(number), content_type="text/canary-type",
                                                     tags=["canary-tag"], payload=b"canary-answer %d" % number))
            found = self.second.Get(self.cache_pb2.GetRequest(entry=self.entry(number)))
            assert found.hit.payload == b"canary-answer %d" % number
            assert found.hit.tier == self.cache_pb2.TIER_SHARED

    def record_and_follow(self):
        entry = self.entry(100)
        request = self.cache_pb2.GetRequest(entry=entry)
        request.lease.hold.seconds = 20
        token = self.first.Get(request).lease.fill_token
        assert token
        followed = []

        def parts():
            pb2 = self.cache_pb2
            yield pb2.RecordRequest(start=pb2.RecordStart(entry=entry, fill_token=token,
                                                          content_type="text/canary-recorded-type"))
            yield pb2.RecordRequest(chunk=b"canary-chunk 0;")
            # The rest when the other server has it: so it has gone by way of Redis.
            for part in self.second.Follow(pb2.FollowRequest(entry=entry), timeout=30):
                followed.extend(part.chunks.chunks)
                if followed:
                    break
            for number in range(1, 50):
                yield pb2.RecordRequest(chunk=b"canary-chunk %d;" % number)
            yield pb2.RecordRequest(end=pb2.RecordEnd(tags=["canary-recorded-tag"]))

        self.first.Record(parts(), timeout=30)
        assert followed[0] == b"canary-chunk 0;"
        found = self.second.Get(self.cache_pb2.GetRequest(entry=entry))
        assert found.hit.payload == b"".join(b"canary-chunk %d;" % number for number in range(50))

    def invalidate(self):
        pb2 = self.cache_pb2
        for target in ({"tag": "canary-invalidated"}, {"model": "canary-invalidated"}, {"key": self.entry(1).key}):
            self.second.Invalidate(pb2.InvalidateRequest(namespace=NAMESPACE, **target))
        assert self.first.Get(pb2.GetRequest(entry=self.entry(1))).HasField("miss")


def key_digests() -> list[bytes]:
    """What a reader of Redis could derive from a guess of the question."""
    return [hashlib.sha256(json.dumps({"messages": [{"content": f"{PROMPT} {number}", "role": "user"}], "model": MODEL,
                                       "provider": "canary-provider", "v": 1}, separators=(",", ":")).encode()).digest()
            for number in (*range(5), 100)]


def places(files: dict[str, bytes], needle: bytes) -> set[str]:
    spellings = {needle, needle.hex().encode(), base64.b64encode(needle)}
    return {name for name, content in files.items() if any(spelling in content for spelling in spellings)}


def talk(stubs, tmp_path, *flags: str) -> dict[str, bytes]:
    """All that is left of a talk, by name of file."""
    redis = WatchedRedis(tmp_path / "redis")
    try:
        common = ("--backend=redis", f"--redis-url={redis.url}", "--redis-timeout=5s", "--log-level=debug", *flags)
        with running_server(*common) as first, running_server(*common) as second:
            conversation = Talk(stubs, first.address, second.address)
            wait_until_joined(first, second)
            conversation.store_and_find()
            conversation.record_and_follow()
            conversation.invalidate()
            assert first.stop() == 0 and second.stop() == 0  # The ledger is told.
            logs = "".join(first.log + second.log).encode()
        return redis.stop_and_read() | {"log": logs}
    finally:
        redis.kill()


def wait_until_joined(*servers):
    give_up = time.monotonic() + 20
    while not all("shared tier joined" in "".join(server.log) for server in servers):
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_without_keys_it_is_found(stubs, tmp_path):
    files = talk(stubs, tmp_path)
    kinds = {"dump.rdb", "monitor.txt", "channels.txt", "log"}
    assert kinds <= files.keys() and any("appendonly" in name for name in files)
    for said in IN_THE_CLEAR:
        found = places(files, said.encode())
        assert "monitor.txt" in found, said
        assert any("appendonly" in name for name in found), said
    for said in (NAMESPACE, MODEL, "canary-tag", "canary-answer", "canary-chunk"):
        assert "dump.rdb" in places(files, said.encode()), said
    # Hashes without a key: whoever guesses the question can make sure of it.
    for digest in key_digests():
        assert "monitor.txt" in places(files, digest)
    namespace = hashlib.sha256(NAMESPACE.encode()).digest()[:16]
    assert {"monitor.txt", "dump.rdb", "channels.txt"} <= places(files, namespace)


def test_with_keys_it_is_found_nowhere(stubs, tmp_path):
    files = talk(stubs, tmp_path, f"--encryption-keys-file={write_keys(tmp_path / 'keys')}")
    assert len(files["monitor.txt"]) > 10_000 and len(files["channels.txt"]) > 500
    for said in (*SAID, "canary"):
        assert not places(files, said.encode()), said
    for secret in SECRETS.values():
        assert not places(files, secret)
    for digest in key_digests():
        assert not places(files, digest)
    for said in SAID:
        for name in ("sha256", "sha1", "md5", "blake2b"):
            assert not places(files, hashlib.new(name, said.encode()).digest()[:16]), (name, said)


def test_keys_that_are_not_accepted_stop_the_start(tmp_path):
    def refused(path: pathlib.Path) -> str:
        run = subprocess.run([binary("paracle-cache-server"), "--backend=redis", f"--encryption-keys-file={path}"],
                             capture_output=True, text=True, timeout=30)
        assert run.returncode == 2 and run.stdout == "" and run.stderr.count("\n") == 1, run
        assert "PARACLE_CACHE_ENCRYPTION_KEYS_FILE" in run.stderr and str(path) in run.stderr
        assert not any(base64.b64encode(secret).decode() in run.stderr for secret in SECRETS.values())
        return run.stderr

    assert "cannot be read" in refused(tmp_path / "missing")
    assert "chmod 600" in refused(write_keys(tmp_path / "open", 0o644))
    double = write_keys(tmp_path / "double")
    double.write_text(double.read_text() * 2)
    assert "line 3" in refused(double)


def test_a_crash_leaves_no_core(tmp_path):
    keys = write_keys(tmp_path / "keys")
    with running_server(f"--encryption-keys-file={keys}") as server:
        limits = pathlib.Path(f"/proc/{server.process.pid}/limits").read_text()
        assert re.search(r"Max core file size\s+0\s+0", limits)
        # Of a process that may be dumped, these are its user's; of one that may not, root's. Root sees no difference.
        if os.geteuid() != 0:
            assert pathlib.Path(f"/proc/{server.process.pid}/mem").stat().st_uid == 0
        server.process.send_signal(signal.SIGSEGV)
        _, status = os.waitpid(server.process.pid, 0)
        assert os.WTERMSIG(status) == signal.SIGSEGV and not os.WCOREDUMP(status)
