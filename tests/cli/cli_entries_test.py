"""get, set, invalidate and clear against a real server."""

import json
import os
import re
import subprocess

import pytest

from support.terminal import open_terminal

DIGEST = "5a" * 32
BINARY = bytes(range(256)) * 4


def store(client, *entry: str, payload: bytes = b'{"answer": 42}', extra: tuple = ()) -> None:
    result = client("set", *entry, "--payload", "-", *extra, stdin=payload)
    assert result.code == 0, result


def test_an_answer_comes_back_byte_for_byte_and_alone(served, body):
    store(served, *body, payload=BINARY)
    result = served("get", *body)
    assert result.code == 0
    assert result.raw == BINARY
    assert result.err.startswith("hit: ")


def test_set_says_where_and_until_when(served, body):
    digest = served("key", *body).out.strip()
    result = served("set", *body, "--payload", "-", "--ttl", "60", stdin=b"four")
    assert re.fullmatch(rf"Stored 4 bytes as {digest} until 20\d\d-\S+Z\n", result.out), result


def test_a_question_is_the_same_by_request_document_and_digest(served, body, tmp_path):
    store(served, *body, payload=b"same")
    explained = json.loads(served("key", *body, "--explain", "--format", "json").out)
    document = tmp_path / "document.json"
    document.write_text(explained["canonical"])
    for entry in (body, ["--document", str(document)], ["--digest", explained["digest"]]):
        assert served("get", *entry).out == "same", entry


def test_a_miss_exits_6_and_prints_no_payload(served):
    result = served("get", "--digest", DIGEST)
    assert result.code == 6, result
    assert result.out == ""
    assert result.err == f'miss: {DIGEST} is not in namespace "default"\n'


def test_get_as_json_tells_all(served, body):
    store(served, *body, payload=b"Hi there!",
          extra=("--content-type", "text/plain", "--cost", "0.0004", "--tokens", "9,3", "--latency", "850"))
    told = json.loads(served("get", *body, "--format", "json").out)
    assert told["outcome"] == "hit"
    assert told["payload"] == "Hi there!"
    assert told["payload_bytes"] == 9
    assert told["content_type"] == "text/plain"
    assert told["tier"] == "memory"
    assert told["hit_count"] == 1
    assert told["origin"] == {"prompt_tokens": 9, "completion_tokens": 3, "cost_usd": 0.0004,
                              "latency_ms": 850.0}
    assert told["create_time"] < told["expire_time"]


def test_get_as_json_encodes_what_is_not_text(served):
    store(served, "--digest", DIGEST, payload=b"\xff\x00")
    told = json.loads(served("get", "--digest", DIGEST, "--format", "json").out)
    assert told["payload_base64"] == "/wA="
    assert "payload" not in told


def test_a_miss_as_json_still_exits_6(served):
    result = served("get", "--digest", DIGEST, "--format", "json")
    assert result.code == 6
    assert json.loads(result.out) == {"outcome": "miss", "namespace": "default", "digest": DIGEST}


def test_namespaces_are_apart(served):
    store(served, "--digest", DIGEST, "--namespace", "team-a")
    assert served("get", "--digest", DIGEST).code == 6
    assert served("get", "--digest", DIGEST, PARACLE_CACHE_NAMESPACE="team-a").code == 0


def test_a_ttl_runs_out(served):
    store(served, "--digest", DIGEST, extra=("--ttl", "1ms"))
    assert served("get", "--digest", DIGEST).code == 6  # Starting the program alone takes longer than that.


def test_invalidate_by_tag_counts_first_and_removes_then(served):
    for first, tag in (("aa", "nightly"), ("bb", "nightly"), ("cc", "weekly")):
        store(served, "--digest", first * 32, extra=("--tag", tag, "--tag", "all"))
    counted = served("invalidate", "--tag", "nightly", "--dry-run")
    assert counted.out == 'Would remove 2 entries of namespace "default"\n'
    assert served("invalidate", "--tag", "nightly").out == 'Removed 2 entries of namespace "default"\n'
    assert served("get", "--digest", "aa" * 32).code == 6
    assert served("get", "--digest", "cc" * 32).code == 0


def test_invalidate_by_model_and_by_question(served, body):
    store(served, *body)
    store(served, "--digest", DIGEST, extra=("--model", "claude"))
    told = json.loads(served("invalidate", "--model", "claude", "--format", "json").out)
    assert told == {"namespace": "default", "removed_count": 1, "estimated": False, "dry_run": False}
    assert served("invalidate", *body).out == 'Removed 1 entry of namespace "default"\n'
    assert served("invalidate", *body).out == 'Removed 0 entries of namespace "default"\n'


def test_clear_removes_one_namespace_and_says_how_many(served):
    store(served, "--digest", DIGEST)
    store(served, "--digest", DIGEST, "--namespace", "other")
    assert served("clear", "--yes").out == 'Removed 1 entry of namespace "default"\n'
    assert served("get", "--digest", DIGEST, "--namespace", "other").code == 0
    told = json.loads(served("clear", "--yes", "--namespace", "other", "--format", "json").out)
    assert told == {"namespace": "other", "removed_count": 1, "estimated": False}


@pytest.mark.parametrize("answer, code, left", [(b"y\n", 0, 6), (b"yes\n", 0, 6), (b"n\n", 5, 0), (b"\n", 5, 0),
                                                (b"\x04", 5, 0)])
def test_clear_asks_on_a_terminal(served, answer, code, left):
    store(served, "--digest", DIGEST)
    terminal, side = open_terminal()
    process = served.start("clear", stdin=side, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.close(side)
    os.write(terminal, answer)
    _, err = process.communicate(timeout=30)
    os.close(terminal)
    assert process.returncode == code, err
    assert b'Remove 1 entry of namespace "default" at 127.0.0.1:' in err
    assert served("get", "--digest", DIGEST).code == left


def test_a_payload_over_the_limit_is_refused_with_the_limit(served):
    result = served("set", "--digest", DIGEST, "--payload", "-", stdin=b"x" * 3_500_000)
    assert result.code == 3, result
    assert "payload" in result.err
    huge = served("set", "--digest", DIGEST, "--payload", "-", stdin=b"x" * 10_000_000)
    assert huge.code == 3, huge
    assert "`paracle cache config` tells the server's limits" in huge.err


def test_an_empty_payload_is_stored_with_a_note(served):
    result = served("set", "--digest", DIGEST, "--payload", "-", stdin=b"")
    assert result.code == 0 and "the payload is empty" in result.err
    got = served("get", "--digest", DIGEST)
    assert (got.code, got.out) == (0, "")


def test_standard_input_is_not_read_twice(served):
    result = served("set", "--document", "-", "--payload", "-", stdin=b"{}")
    assert result.code == 1
    assert "standard input holds either the question or the --payload" in result.err


def test_a_server_that_keeps_nothing_is_told(serve_with):
    result = serve_with("--enabled=false")("set", "--digest", DIGEST, "--payload", "-", stdin=b"x")
    assert result.code == 0
    assert "warning: accepted but not kept" in result.err
