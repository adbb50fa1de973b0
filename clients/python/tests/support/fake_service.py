"""A CacheService that answers by script, in a process of its own so that it can be stopped in mid-answer.

    python fake_service.py OUTCOME[,OUTCOME...] [--tls DIRECTORY] [--hold SECONDS] [--lost] [--features NAME,NAME]

Outcomes of Get in their order, the last for good: hit, miss, lease, pending, slow (pending after 0.3 s), unimplemented.
Prints its port, then a line for each Get: its outcome and whether a lease was asked for; and one for each other call.
Leases hold for SECONDS, and with --lost are lost when they are to be renewed. --exhausted refuses recordings.

--follow STEP,STEP[;STEP,...]: what the first Follow gets, what the next, the last for good. Steps: live (the start of a
generator's stream), abort, silence, drop (ends without an end), alive (a keep-alive after 0.1 s), end; anything else is
a chunk, with `.` for a comma.
"""

import argparse
import contextlib
import pathlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent import futures

import grpc
from google.protobuf.duration_pb2 import Duration

from paracle_cache._proto import admin_pb2, admin_pb2_grpc, cache_pb2, cache_pb2_grpc

RETRY_AFTER = Duration(nanos=20_000_000)


class Scripted(cache_pb2_grpc.CacheServiceServicer):
    def __init__(self, script: list[str], hold: float, lost: bool, exhausted: bool, follows: list[str]):
        self.script = script
        self.exhausted = exhausted
        self.follows = follows
        self.hold = Duration(nanos=round(hold % 1 * 1e9), seconds=int(hold))
        self.lost = lost
        self.lock = threading.Lock()

    def Get(self, request, context):  # noqa: N802
        with self.lock:
            outcome = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            if outcome in ("lease", "pending", "slow") and not request.HasField("lease"):
                outcome = "miss"
        self._tell(outcome, "lease" if request.HasField("lease") else "plain")
        if outcome == "unimplemented" and request.HasField("lease"):
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "no leases")
        return self._answer(outcome)

    def Record(self, parts, context):  # noqa: N802
        if self.exhausted:
            self._tell("record refused")
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "no room")
        recorded, end = [], False
        try:
            for part in parts:
                recorded += [part.chunk] if part.WhichOneof("part") == "chunk" else []
                end = end or part.HasField("end")
        except grpc.RpcError:
            pass
        self._tell("recorded" if end else "broken", b"".join(recorded).decode())
        return cache_pb2.RecordResponse(stored_in=[cache_pb2.TIER_MEMORY])

    def Follow(self, request, context):  # noqa: N802, ARG002
        with self.lock:
            steps = self.follows.pop(0) if len(self.follows) > 1 else self.follows[0]
        self._tell("follow")
        for step in steps.split(","):
            if step == "abort":
                context.abort(grpc.StatusCode.ABORTED, "nobody is at it")
            if step == "drop":
                return
            yield from self._part(step)

    def _part(self, step):
        if step == "silence":
            time.sleep(60)
        elif step == "live":
            start = cache_pb2.FollowStart(content_type="application/vnd.paracle.chunks+json", live=True)
            yield cache_pb2.FollowResponse(start=start)
        elif step == "alive":
            time.sleep(0.1)
            yield cache_pb2.FollowResponse(keep_alive=cache_pb2.KeepAlive())
        elif step == "end":
            yield cache_pb2.FollowResponse(end=cache_pb2.FollowEnd())
        else:
            chunk = step.replace(".", ",").encode()
            yield cache_pb2.FollowResponse(chunks=cache_pb2.FollowChunks(chunks=[chunk]))

    def _tell(self, *words):
        with self.lock:
            print(*words, flush=True)

    def _answer(self, outcome):
        if outcome == "hit":
            return cache_pb2.GetResponse(hit=cache_pb2.Hit(payload=b"scripted", content_type="text/plain"))
        if outcome == "lease":
            return cache_pb2.GetResponse(lease=cache_pb2.Lease(fill_token=b"lease", hold=self.hold))
        if outcome == "slow":
            time.sleep(0.3)
        if outcome in ("pending", "slow"):
            return cache_pb2.GetResponse(pending=cache_pb2.Pending(retry_after=RETRY_AFTER))
        return cache_pb2.GetResponse(miss=cache_pb2.Miss(fill_token=b"miss"))

    def Set(self, request, context):  # noqa: N802, ARG002
        self._tell("set", request.fill_token.decode())
        return cache_pb2.SetResponse(stored_in=[cache_pb2.TIER_MEMORY])

    def RenewLease(self, request, context):  # noqa: N802
        self._tell("renew", request.fill_token.decode())
        if self.lost:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "lost")
        return cache_pb2.RenewLeaseResponse(hold=self.hold)

    def ReleaseLease(self, request, context):  # noqa: N802, ARG002
        self._tell("release", request.fill_token.decode())
        return cache_pb2.ReleaseLeaseResponse()


class Featured(admin_pb2_grpc.AdminServiceServicer):
    def __init__(self, features: list[str]):
        self.features = features

    def GetConfig(self, request, context):  # noqa: N802, ARG002
        limits = admin_pb2.Limits(max_entry_bytes=3 << 20)
        return admin_pb2.GetConfigResponse(version="0", features=self.features, limits=limits)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("script")
    parser.add_argument("--tls", type=pathlib.Path)
    parser.add_argument("--hold", type=float, default=9)
    parser.add_argument("--features", default="leases,unheard-of")
    parser.add_argument("--lost", action="store_true")
    parser.add_argument("--exhausted", action="store_true")
    parser.add_argument("--follow", default="abort")
    arguments = parser.parse_args()
    server = grpc.server(futures.ThreadPoolExecutor(16))
    follows = arguments.follow.split(";")
    scripted = Scripted(
        arguments.script.split(","), arguments.hold, arguments.lost, arguments.exhausted, follows
    )
    cache_pb2_grpc.add_CacheServiceServicer_to_server(scripted, server)
    admin_pb2_grpc.add_AdminServiceServicer_to_server(Featured(arguments.features.split(",")), server)
    if arguments.tls is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        pair = (arguments.tls / "server.key").read_bytes(), (arguments.tls / "server.pem").read_bytes()
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


class FakeService:
    def __init__(self, process: "subprocess.Popen[str]"):
        assert process.stdout is not None
        self.process = process
        self.address = f"127.0.0.1:{process.stdout.readline().strip()}"

    def next_get(self) -> str:
        """Waits for the next call; what a Get was answered."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def rest(self) -> list[str]:
        """Ends it; the calls that were not asked for by `next_get`."""
        assert self.process.stdout is not None
        self.process.kill()
        return self.process.stdout.read().splitlines()


@contextlib.contextmanager
def fake_service(script: str, *flags: str, tls: pathlib.Path | None = None) -> Iterator[FakeService]:
    command = [sys.executable, __file__, script, *flags, *(["--tls", str(tls)] if tls else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield FakeService(process)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


if __name__ == "__main__":
    main()
