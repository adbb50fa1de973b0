"""stats, its --watch, and what ends it."""

import json
import re
import signal
import subprocess

import pytest

MEMBERS = {"hits", "misses", "total_requests", "hit_rate", "miss_rate", "avg_cached_time_ms", "avg_uncached_time_ms",
           "speedup_factor", "cached_tokens", "uncached_tokens", "estimated_cost_saved", "cache_size",
           "max_cache_size", "utilization", "evictions", "start_time", "last_updated", "shared_tier", "leases",
           "by_model"}
DIGEST = "5a" * 32


@pytest.fixture
def used(served, body):
    """One answer stored, hit three times, missed once."""
    stored = served("set", *body, "--payload", "-", "--cost", "0.004", "--tokens", "120,48", "--latency", "800",
                    stdin=b"answer")
    assert stored.code == 0, stored
    for _ in range(3):
        assert served("get", *body).code == 0
    assert served("get", "--digest", DIGEST).code == 6
    return served


def test_the_text_has_the_promised_shape(used):
    lines = used("stats").out.splitlines()
    assert lines[0] == "Cache Statistics:"
    assert lines[1] == "  Requests: 4 (3 hits, 1 misses)"
    assert lines[2] == "  Hit Rate: 75.0%"
    assert re.fullmatch(r"  Speedup: \d+\.\dx faster \(cached\)", lines[3])
    assert lines[4] == "  Cost Saved: $0.0120"
    assert lines[5] == "  Utilization: 0.1% (1/1000)"
    assert re.fullmatch(r"  Average Cached Time: \d+\.\d{3} ms", lines[6])
    assert lines[7] == "  Average Uncached Time: 800.000 ms"
    assert lines[8:] == ["  Cached Tokens: 504", "  Uncached Tokens: 168"]


def test_before_the_first_request_unknown_lines_are_left_out(served):
    assert served("stats").out == ("Cache Statistics:\n  Requests: 0 (0 hits, 0 misses)\n  Cost Saved: $0.0000\n"
                                   "  Utilization: 0.0% (0/1000)\n  Cached Tokens: 0\n  Uncached Tokens: 0\n")


def test_the_json_has_the_promised_members(used):
    told = json.loads(used("stats", "--format", "json").out)
    assert set(told) == MEMBERS
    assert (told["hits"], told["misses"], told["total_requests"]) == (3, 1, 4)
    assert (told["hit_rate"], told["miss_rate"]) == (0.75, 0.25)
    assert told["estimated_cost_saved"] == pytest.approx(0.012)
    assert (told["cache_size"], told["max_cache_size"], told["utilization"]) == (1, 1000, 0.001)
    assert [row["hits"] for row in told["by_model"] if row["model"] == "gpt-4"] == [3]


def test_rates_are_null_before_the_first_request(served):
    told = json.loads(served("stats", "--format", "json").out)
    assert set(told) == MEMBERS
    assert told["hit_rate"] is None and told["miss_rate"] is None and told["speedup_factor"] is None


def test_a_namespace_of_its_own(used):
    assert "Requests: 0 " in used("stats", "--namespace", "other").out
    assert "Requests: 4 " in used("stats", "--namespace", "default").out


def test_watch_prints_a_json_object_a_line_until_interrupted(used):
    process = used.start("stats", "--watch=0.05", "--format", "json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    seen = [json.loads(process.stdout.readline()) for _ in range(3)]
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == b""
    assert [told["hits"] for told in seen] == [3, 3, 3]


def test_watch_ends_with_exit_2_when_the_server_goes(used):
    process = used.start("stats", "--watch=0.05", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert b"127.0.0.1" in process.stdout.readline()
    used.server.stop()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 2, err
    assert b"is the server running?" in err


@pytest.mark.parametrize("why, restore_signals, code", [
    ("SIGPIPE ends it as it ends every Unix program", True, -signal.SIGPIPE),
    ("SIGPIPE ignored by the parent, as servers and Python do", False, 0),
])
def test_a_reader_that_has_had_enough_hears_no_complaint(used, why, restore_signals, code):
    watch = used.start("stats", "--watch=0.01", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       restore_signals=restore_signals)
    watch.stdout.readline()
    watch.stdout.close()
    assert watch.wait(timeout=30) == code
    assert watch.stderr.read() == b""


def test_a_full_disk_is_reported(used):
    with open("/dev/full", "wb") as full:
        process = used.start("stats", stdout=full, stderr=subprocess.PIPE)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"cannot write to standard output: No space left on device" in err
