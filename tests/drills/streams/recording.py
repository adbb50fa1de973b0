"""The holder of a lease: calls the model, records its answer while it comes, renews the lease meanwhile."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable

import grpc
from google.protobuf.duration_pb2 import Duration

from paracle_cache._proto import cache_pb2 as pb
from paracle_cache._proto.cache_pb2_grpc import CacheServiceStub

from . import answers
from .questions import CallLog, Question

_RPC_TIMEOUT = 2.0  # Seconds. Generous: the machine is busy.


def nothing(_: str) -> None: ...


@dataclasses.dataclass
class Recorded:
    payload: bytes  # What the model said: for its caller an answer in any case.
    record: str = "OK"  # How the Record ended.
    late_set: str = ""  # How the Set ended that stores what could not be recorded.


async def make_answer(
    stub: CacheServiceStub, question: Question, lease: pb.Lease, calls: CallLog, tell: Callable[[str], None] = nothing
) -> Recorded:
    """Tells `recording` when the first chunk has been sent, `middle` when half of them have."""
    call_id = answers.new_call()
    calls.add(question, call_id)
    renewing = asyncio.create_task(_keep(stub, question, lease))
    try:
        said: list[bytes] = []
        record = await _record(stub, question, lease, _noted(question, call_id, said, tell))
        recorded = Recorded(b"".join(said), record)
        if record != "OK":
            recorded.late_set = await _set(stub, question, lease, recorded.payload)
        return recorded
    finally:
        renewing.cancel()


async def _noted(
    question: Question, call_id: str, said: list[bytes], tell: Callable[[str], None]
) -> AsyncIterator[bytes]:
    words = {1: "recording", question.shape.chunks // 2: "middle"}
    async for chunk in answers.chunks_of(call_id, question.shape):
        yield chunk
        said.append(chunk)
        if word := words.get(len(said)):
            tell(word)


async def _record(stub: CacheServiceStub, question: Question, lease: pb.Lease, chunks: AsyncIterator[bytes]) -> str:
    """However it ends, the model is heard to its end."""
    call = stub.Record()
    start = pb.RecordStart(entry=question.entry, fill_token=lease.fill_token, content_type="text/plain")
    going = await _write(call, pb.RecordRequest(start=start))
    async for chunk in chunks:
        going = going and await _write(call, pb.RecordRequest(chunk=chunk))
    if going and await _write(call, pb.RecordRequest(end=pb.RecordEnd())):
        with contextlib.suppress(asyncio.InvalidStateError, grpc.aio.AioRpcError):
            await call.done_writing()
    code = await call.code()
    # So says grpc.aio itself, when a write and the server's refusal cross.
    return "REFUSED" if code == grpc.StatusCode.INTERNAL and not going else code.name


async def _write(call: grpc.aio.StreamUnaryCall, part: pb.RecordRequest) -> bool:
    """False: the recording has ended."""
    try:
        await call.write(part)
    except (asyncio.InvalidStateError, grpc.aio.AioRpcError):
        return False
    return True


async def _keep(stub: CacheServiceStub, question: Question, lease: pb.Lease) -> None:
    hold = lease.hold.ToNanoseconds() / 1e9
    wanted = Duration()
    wanted.FromNanoseconds(lease.hold.ToNanoseconds())
    while True:
        await asyncio.sleep(hold / 3)
        request = pb.RenewLeaseRequest(entry=question.entry, fill_token=lease.fill_token, hold=wanted)
        with contextlib.suppress(grpc.aio.AioRpcError):
            await stub.RenewLease(request, timeout=_RPC_TIMEOUT)


async def _set(stub: CacheServiceStub, question: Question, lease: pb.Lease, payload: bytes) -> str:
    request = pb.SetRequest(entry=question.entry, fill_token=lease.fill_token, payload=payload)
    try:
        await stub.Set(request, timeout=_RPC_TIMEOUT)
    except grpc.aio.AioRpcError as error:
        return error.code().name
    return "OK"
