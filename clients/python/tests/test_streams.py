"""Generators and async generators: recorded while they run, replayed chunk by chunk, stored only when whole."""

# ruff: noqa: ARG001, ARG005  # what is decorated here uses few of its arguments

import asyncio
import itertools
import json
import logging
import pathlib
import threading

import pytest

from paracle_cache.decorators import cached_llm_call, key_of
from paracle_cache.results import Miss

RECORDED = pathlib.Path(__file__).resolve().parents[4] / "shared" / "data" / "llm"


class Streamer:
    """Decorates generators that yield `chunks`; counts their beginnings and how they end."""

    def __init__(self, chunks, fails_after=None):
        self.chunks = chunks
        self.fails_after = fails_after
        self.begun = self.closed = 0

    def sync(self, cache, **options):
        @cached_llm_call(cache=cache, **options)
        def stream(provider, model):
            self.begun += 1
            try:
                for number, chunk in enumerate(self.chunks):
                    if number == self.fails_after:
                        raise ConnectionError("the provider hung up")
                    yield chunk
            finally:
                self.closed += 1

        return stream

    def asynchronous(self, cache, **options):
        @cached_llm_call(cache=cache, **options)
        async def stream(provider, model):
            self.begun += 1
            try:
                for number, chunk in enumerate(self.chunks):
                    await asyncio.sleep(0)
                    if number == self.fails_after:
                        raise ConnectionError("the provider hung up")
                    yield chunk
            finally:
                self.closed += 1

        return stream


def chat_chunk(content=None, finish_reason=None):
    choice = {"index": 0, "delta": {"content": content} if content else {}, "finish_reason": finish_reason}
    return {"object": "chat.completion.chunk", "model": "gpt-4", "choices": [choice]}


WHOLE = [chat_chunk("Hi"), chat_chunk(" there"), chat_chunk(finish_reason="stop")]


@pytest.mark.parametrize("chunks", [WHOLE, ["a", "b", ""], [1, None, [2, {"x": 3}]]])
def test_a_stream_is_replayed_chunk_by_chunk(cache, chunks):
    streamer = Streamer(chunks)
    stream = streamer.sync(cache)
    assert list(stream("p", "m")) == chunks
    replay = stream("p", "m")
    assert next(replay) == chunks[0]
    assert list(replay) == chunks[1:]
    assert streamer.begun == 1


async def test_an_async_stream_is_replayed_chunk_by_chunk(async_cache):
    streamer = Streamer(WHOLE)
    stream = streamer.asynchronous(async_cache)
    assert [chunk async for chunk in stream("p", "m")] == WHOLE
    replay = stream("p", "m")
    assert await anext(replay) == WHOLE[0]
    assert [chunk async for chunk in replay] == WHOLE[1:]
    assert streamer.begun == 1


def test_a_chunk_reaches_its_reader_before_the_next_one_is_made(cache):
    made = []

    @cached_llm_call(cache=cache)
    def stream(provider, model):
        for number in range(3):
            made.append(number)
            yield number

    for number in stream("p", "m"):
        assert made == list(range(number + 1))


def test_nothing_runs_before_the_first_chunk_is_asked_for(cache):
    streamer = Streamer(WHOLE)
    stream = streamer.sync(cache)("p", "m")
    assert streamer.begun == 0
    next(stream)
    assert streamer.begun == 1
    stream.close()


def test_a_stream_that_its_reader_closes_early_is_not_stored_and_the_source_is_closed(cache):
    streamer = Streamer(WHOLE)
    stream = streamer.sync(cache)
    for _ in range(2):
        running = stream("p", "m")
        next(running)
        running.close()
    assert (streamer.begun, streamer.closed) == (2, 2)


async def test_an_async_stream_that_is_closed_early_is_not_stored_and_the_source_is_closed(async_cache):
    streamer = Streamer(WHOLE)
    stream = streamer.asynchronous(async_cache)
    for _ in range(2):
        running = stream("p", "m")
        await anext(running)
        await running.aclose()
    assert (streamer.begun, streamer.closed) == (2, 2)


def test_a_stream_that_fails_passes_the_exception_on_and_is_not_stored(cache):
    streamer = Streamer(WHOLE, fails_after=2)
    stream = streamer.sync(cache)
    for _ in range(2):
        running = stream("p", "m")
        assert [next(running), next(running)] == WHOLE[:2]
        with pytest.raises(ConnectionError, match="hung up"):
            next(running)
    assert (streamer.begun, streamer.closed) == (2, 2)


async def test_an_async_stream_that_fails_passes_the_exception_on_and_is_not_stored(async_cache):
    streamer = Streamer(WHOLE, fails_after=2)
    stream = streamer.asynchronous(async_cache)
    seen = []
    for _ in range(2):
        running = stream("p", "m")
        seen += [await anext(running), await anext(running)]
        with pytest.raises(ConnectionError, match="hung up"):
            await anext(running)
    assert (streamer.begun, seen) == (2, WHOLE[:2] * 2)


async def test_a_reader_that_is_cancelled_stores_nothing(async_cache, client):
    waiting = asyncio.Event()

    @cached_llm_call(cache=async_cache)
    async def stream(provider, model):
        yield "a"
        waiting.set()
        await asyncio.Event().wait()

    async def read():
        async for _ in stream("p", "m"):
            pass

    task = asyncio.create_task(read())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(client.get(key_of(stream, "p", "m")), Miss)


@pytest.mark.parametrize("chunks", [WHOLE[:2], [*WHOLE[:2], chat_chunk(finish_reason="length")], []])
def test_a_stream_that_is_not_whole_is_not_stored(cache, chunks):
    streamer = Streamer(chunks)
    stream = streamer.sync(cache)
    assert [list(stream("p", "m")), list(stream("p", "m"))] == [chunks, chunks]
    assert streamer.begun == 2


def test_cache_if_gets_all_chunks(cache):
    seen = []
    streamer = Streamer(WHOLE[:2])
    stream = streamer.sync(cache, cache_if=lambda chunks: seen.append(chunks) or True)
    list(stream("p", "m"))
    list(stream("p", "m"))
    assert (seen, streamer.begun) == ([WHOLE[:2]], 1)


def test_a_reader_that_changes_its_chunks_changes_nobody_elses(cache):
    chunks = [{"n": [1]}, {"n": [2]}]
    stream = Streamer(chunks).sync(cache)
    for _ in range(2):
        for chunk in stream("p", "m"):
            chunk["n"].append("changed")
    assert list(stream("p", "m")) == [{"n": [1]}, {"n": [2]}]


@pytest.mark.parametrize("odd", [("a", "tuple"), object(), float("nan")])
def test_a_chunk_that_is_not_json_passes_and_the_stream_is_not_stored(cache, caplog, odd):
    streamer = Streamer(["a", odd, "b"])
    stream = streamer.sync(cache)
    for _ in range(2):
        assert list(stream("p", "m")) == ["a", odd, "b"]
    assert streamer.begun == 2
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_stream_over_the_entry_limit_passes_and_its_copy_is_let_go(cache, client):
    limit = client.config().limits.max_entry_bytes
    chunk = "x" * (limit // 4)
    streamer = Streamer([chunk] * 5)
    stream = streamer.sync(cache)
    for _ in range(2):
        assert sum(len(part) for part in stream("p", "m")) == 5 * len(chunk)
    assert streamer.begun == 2


def test_a_stream_without_end_can_be_read_as_long_as_one_likes(cache):
    @cached_llm_call(cache=cache)
    def stream(provider, model):
        yield from itertools.repeat("x" * 65_536)

    running = stream("p", "m")
    for _ in range(200):  # 13 MB, over the limit of 3 MiB
        next(running)
    running.close()


def test_a_generator_that_is_talked_to_works_as_before_and_is_not_stored(cache):
    @cached_llm_call(cache=cache)
    def echo(provider, model):
        heard = []
        try:
            while True:
                heard.append((yield len(heard)))
        except KeyError:
            return heard

    for _ in range(2):
        running = echo("p", "m")
        assert (next(running), running.send("a"), running.send("b")) == (0, 1, 2)
        with pytest.raises(StopIteration) as end:
            running.throw(KeyError())
        assert end.value.value == ["a", "b"]


def test_a_generator_that_returns_a_value_is_not_stored(cache):
    @cached_llm_call(cache=cache)
    def stream(provider, model):
        yield "a"
        return {"usage": 3}

    for _ in range(2):
        running = stream("p", "m")
        assert next(running) == "a"
        with pytest.raises(StopIteration) as end:
            next(running)
        assert end.value.value == {"usage": 3}


def test_the_latency_is_the_functions_and_not_its_readers(cache, client):
    reading = threading.Event()

    stream = Streamer(WHOLE).sync(cache)
    for _ in stream("p", "m"):
        reading.wait(0.05)
    assert client.get(key_of(stream, "p", "m")).origin.latency < 0.05


def test_usage_of_a_stream_is_recorded(cache, client):
    usage = {
        "object": "chat.completion.chunk",
        "choices": [],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3},
    }
    stream = Streamer([*WHOLE, usage]).sync(cache, cost=lambda model, usage: usage.prompt_tokens / 100)
    list(stream("p", "m"))
    origin = client.get(key_of(stream, "p", "m")).origin
    assert (origin.prompt_tokens, origin.completion_tokens, origin.cost_usd) == (9, 3, 0.09)


@pytest.mark.parametrize("payload", [b'{"an": "object"}', b"7", b"[1,", b"null"])
def test_an_entry_that_is_no_list_of_chunks_is_passed_over(cache, client, payload):
    streamer = Streamer(WHOLE)
    stream = streamer.sync(cache)
    client.set(key_of(stream, "p", "m"), payload, content_type="application/vnd.paracle.chunks+json")
    assert list(stream("p", "m")) == WHOLE
    assert streamer.begun == 1


def recorded_streams():
    if not RECORDED.is_dir():
        return
    for path in sorted(RECORDED.glob("*.jsonl")):
        for number, line in enumerate(path.read_text().splitlines()):
            record = json.loads(line)
            if isinstance(record, dict) and record.get("response_sse"):
                yield pytest.param(record["response_sse"], id=f"{path.stem}-{number}")


@pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recorded traffic in {RECORDED}")
def test_there_are_recorded_streams():
    assert len(list(recorded_streams())) > 20


@pytest.mark.parametrize("sse", list(recorded_streams()))
def test_recorded_streams_come_back_as_they_were(cache, sse):
    lines = [line[len("data:") :].strip() for line in sse.splitlines() if line.startswith("data:")]
    chunks = [json.loads(line) for line in lines if line != "[DONE]"]
    streamer = Streamer(chunks)
    stream = streamer.sync(cache, cache_if=lambda chunks: True)
    assert json.dumps([list(stream("p", "m")), list(stream("p", "m"))]) == json.dumps([chunks, chunks])
    assert streamer.begun == 1
