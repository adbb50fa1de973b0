"""Who asks, as a client would: Get with a lease; the answer, or the model call, or following; and again when what it
followed broke off, on another replica when its own has gone."""

import asyncio
import dataclasses

import grpc

from paracle_cache._proto import cache_pb2 as pb

from . import answers, clocks
from .questions import CallLog, Question
from .recording import make_answer
from .replicas import Replicas

_RPC_TIMEOUT = 2.0  # Seconds. Generous: the machine is busy.
_FOLLOW_TIMEOUT = 60.0
_MOST_ATTEMPTS = 50
# Between questions whose answers contradict each other: somebody is at it (Get), and nobody is (Follow).
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.005, 0.2


@dataclasses.dataclass
class Outcome:
    """What became of one who asked. Moments are of the shared clock, in seconds."""

    question: Question
    replica: int
    asked: float
    how: str = "stuck"  # hit, followed, called; stuck: it gave up.
    attempts: int = 0
    live: bool = False  # It followed an answer while that came.
    ended: float = 0.0
    broke_off: list[tuple[float, str]] = dataclasses.field(default_factory=list)  # When, and with which code.
    longest_gap: float = 0.0  # Between chunks, in seconds.
    call: str = ""  # Whose answer it is.
    not_whole: str = ""  # Why it is none.
    payload: bytes = b""

    def judge(self) -> None:
        """Reads the answer; not while others measure."""
        try:
            self.call = answers.call_of(self.payload, self.question.shape)
        except answers.NotWhole as error:
            self.not_whole = str(error)
        self.payload = b""


class Caller:
    def __init__(self, replicas: Replicas, calls: CallLog, gives_up: bool = False):
        """`gives_up`: does not ask again when it broke off."""
        self._stubs = replicas.stubs
        self._calls = calls
        self._most_attempts = 1 if gives_up else _MOST_ATTEMPTS

    async def ask(self, question: Question, replica: int) -> Outcome:
        outcome = Outcome(question, replica, asked=clocks.now())
        pause = _SHORTEST_PAUSE
        while outcome.how == "stuck" and outcome.attempts < self._most_attempts:
            outcome.attempts += 1
            outcome.live = False
            try:
                await self._attempt(self._stubs[replica], outcome)
            except grpc.aio.AioRpcError as error:
                outcome.broke_off.append((clocks.now(), error.code().name))
                if error.code() == grpc.StatusCode.UNAVAILABLE:
                    replica = (replica + 1) % len(self._stubs)
                if not outcome.live:
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
        outcome.ended = clocks.now()
        return outcome

    async def _attempt(self, stub, outcome: Outcome) -> None:
        request = pb.GetRequest(entry=outcome.question.entry)
        request.lease.wait.FromMilliseconds(0)
        response = await stub.Get(request, timeout=_RPC_TIMEOUT)
        match response.WhichOneof("outcome"):
            case "hit":
                outcome.how, outcome.payload = "hit", response.hit.payload
            case "lease":
                made = await make_answer(stub, outcome.question, response.lease, self._calls)
                outcome.how, outcome.payload = "called", made.payload
            case "pending":
                outcome.payload = await self.follow(stub, outcome)
                outcome.how = "followed"

    async def follow(self, stub, outcome: Outcome) -> bytes:
        """Raises AioRpcError(ABORTED) when it broke off."""
        request = pb.FollowRequest(entry=outcome.question.entry)
        last = clocks.now()
        chunks: list[bytes] = []
        async for part in stub.Follow(request, timeout=_FOLLOW_TIMEOUT):
            match part.WhichOneof("part"):
                case "chunks":
                    now = clocks.now()
                    outcome.longest_gap = max(outcome.longest_gap, now - last)
                    last = now
                    chunks += part.chunks.chunks
                case "start":
                    outcome.live = part.start.live
                case "end":
                    return b"".join(chunks)
        raise RuntimeError("a stream ended without an end")
