"""What is different when a person is watching: colour, progress, a screen that is drawn again."""

import os
import subprocess

import pytest

from support.terminal import open_terminal

ESCAPE = b"\033"


def on_terminal(client, *args: str, **extra: str) -> tuple[int, bytes]:
    """Exit code and everything that both streams showed on a terminal."""
    terminal, side = open_terminal()
    environment = client.environment(**({"TERM": "xterm", "NO_COLOR": ""} | extra))  # Empty: not asked for.
    process = subprocess.Popen([client.program, "cache", *args], stdin=side, stdout=side, stderr=side, env=environment)
    os.close(side)
    shown = b""
    try:
        while chunk := os.read(terminal, 65536):
            shown += chunk
    except OSError:  # Linux says EIO when the last writer is gone.
        pass
    os.close(terminal)
    return process.wait(timeout=30), shown


def test_health_is_coloured_on_a_terminal(served):
    assert on_terminal(served, "health") == (0, b"Backend: memory\r\nStatus: \033[32m[OK]\033[0m Healthy\r\n")


def test_illness_is_red(paracle):
    code, shown = on_terminal(paracle, "health")
    assert code == 2 and shown.startswith(b"Status: \033[31m[FAIL]\033[0m cannot connect")


@pytest.mark.parametrize("wish", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_no_escapes_gets_none(served, wish):
    assert ESCAPE not in on_terminal(served, "health", **wish)[1]
    assert ESCAPE not in on_terminal(served, "get", "--digest", "abcd", **wish)[1]


def test_benchmark_shows_progress_and_takes_it_back(served):
    code, shown = on_terminal(served, "benchmark", "--requests", "200", "--value-size", "512")
    assert code == 0
    progress, report = shown.rsplit(b"\r\033[K", 1)
    assert b"measuring" in progress
    assert ESCAPE not in report and b"Total requests:        200" in report


def test_benchmark_shows_no_progress_on_a_dumb_terminal(served):
    code, shown = on_terminal(served, "benchmark", "--requests", "200", "--value-size", "512", TERM="dumb")
    assert code == 0
    assert ESCAPE not in shown and b"measuring" not in shown
