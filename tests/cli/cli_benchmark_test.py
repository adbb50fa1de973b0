"""benchmark: its report, its thresholds, and that it leaves nothing behind."""

import json
import signal
import subprocess

SHORT = ["benchmark", "--requests", "200", "--concurrency", "4", "--value-size", "512"]


def entries(client) -> int:
    return json.loads(client("stats", "--format", "json").out)["cache_size"]


def test_the_report_has_the_figures_and_nothing_stays(served):
    result = served(*SHORT, "--format", "json")
    assert result.code == 0, result
    report = json.loads(result.out)
    assert report["requests"] == 200
    assert report["hits"] > 0
    assert result.err == ""  # Progress is for terminals.
    assert entries(served) == 0


def test_the_text_names_what_was_asked_for(served):
    text = served(*SHORT).out.lower()
    for figure in ("requests", "hits", "time", "per second", "p50", "p90", "p99", "p99.9"):
        assert figure in text, text


def test_a_threshold_missed_exits_99(served):
    assert served(*SHORT, "--threshold", "p50<1ns").code == 99
    assert served(*SHORT, "--threshold", "p50<1m", "--threshold", "errors<=0").code == 0
    assert served(*SHORT, "--threshold", "p50<1m", "--threshold", "p50<1ns").code == 99


def test_the_hit_ratio_is_obeyed(served):
    report = json.loads(served(*SHORT, "--hit-ratio", "0", "--format", "json").out)
    assert report["hits"] == 0 and report["misses"] > 0


def test_a_namespace_in_use_is_left_alone(served):
    kept = served("set", "--digest", "5a" * 32, "--payload", "-", "--namespace", "mine", stdin=b"x")
    assert kept.code == 0
    assert served(*SHORT, "--namespace", "mine").code == 3
    assert served(*SHORT, PARACLE_CACHE_NAMESPACE="mine").code == 0  # Not meant for the benchmark.
    assert served("get", "--digest", "5a" * 32, "--namespace", "mine").code == 0


def test_interrupted_it_cleans_up_and_exits_130(served):
    process = served.start("benchmark", "--duration", "60s", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while json.loads(served("stats", "--format", "json").out)["hits"] == 0:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert entries(served) == 0
