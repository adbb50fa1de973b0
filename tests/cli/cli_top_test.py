"""top: a screen for people, lines for programs, and how it ends."""

import json
import os
import re
import signal
import subprocess

import pytest

from support.terminal import open_terminal

DIGEST = "5a" * 32


@pytest.fixture
def watched(serve_with, body):
    """With metrics, so that latencies are known; one answer stored."""
    client = serve_with("--admin-listen", "127.0.0.1:0")
    assert client("set", *body, "--payload", "-", "--cost", "0.004", stdin=b"answer").code == 0
    return client


def fields(line: str) -> dict[str, str]:
    return dict(field.split("=", 1) for field in line.split()[1:])


def test_away_from_a_terminal_it_prints_a_line_for_each_look(watched, body):
    process = watched.start("top", "--interval", "0.2", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    for _ in range(3):
        assert watched("get", *body).code == 0
    lookups, saved, latencies = 0.0, 0.0, []
    while lookups < 3 - 0.5:
        told = fields(process.stdout.readline())
        if told["lookups_per_s"] != "0.0":
            lookups += float(told["lookups_per_s"]) * 0.2
            assert told["hit_rate"] == "1.000"
            assert 0 < float(told["p50_ms"]) <= float(told["p99_ms"])
        saved = float(told["saved_usd_in_all"])
    assert saved == pytest.approx(0.012)
    assert told["shared_tier"] == "none" and told["entries"] == "1"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "")


def test_it_ends_after_so_many_looks(watched):
    done = watched("top", "--interval", "0.05", "-n", "2")
    assert done.code == 0
    assert len(done.out.splitlines()) == 2


def test_json_is_an_object_a_line(watched):
    done = watched("top", "--interval", "0.05", "--count", "2", "--format", "json")
    told = [json.loads(line) for line in done.out.splitlines()]
    assert len(told) == 2
    assert told[0]["p99_ms"] is None and told[0]["lookups_per_second"] == 0 and told[0]["backend"] == "memory"


def test_a_terminal_is_drawn_again(watched):
    terminal, side = open_terminal()
    process = subprocess.Popen([watched.program, "cache", "top", "--interval", "0.05", "-n", "2"], stdin=side,
                               stdout=side, stderr=side, env=watched.environment(TERM="xterm"))
    os.close(side)
    shown = b""
    try:
        while chunk := os.read(terminal, 65536):
            shown += chunk
    except OSError:
        pass
    os.close(terminal)
    assert process.wait(timeout=30) == 0
    screens = shown.decode().split("\033[H\033[2J\033[3J")[1:]
    assert len(screens) == 2
    assert re.search(r"Memory Tier  1 of 1000 entries", screens[1])
    assert "Hit Rate -" in screens[1]


def test_without_metrics_latencies_are_not_known(served):
    told = fields(served("top", "--interval", "0.05", "-n", "1").out)
    assert told["p50_ms"] == "-" and told["p99_ms"] == "-"


def test_without_a_server_it_says_so_at_once(paracle):
    done = paracle("top")
    assert done.code == 2
    assert "is the server running?" in done.err


@pytest.mark.parametrize("flag, value", [("--interval", "0"), ("--count", "0"), ("-n", "many")])
def test_nonsense_is_refused_with_what_is_accepted(paracle, flag, value):
    done = paracle("top", flag, value)
    assert done.code == 1
    assert value in done.err
