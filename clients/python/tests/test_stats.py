"""The tracker counts what hits saved, in constant space, from any number of threads."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from paracle_cache.stats import CacheStats, CacheStatsTracker, get_stats_tracker


def test_the_summary_has_the_shape_of_the_command_line():
    tracker = CacheStatsTracker(max_cache_size=1000)
    for _ in range(30):
        tracker.record_miss(response_time_ms=500.0, tokens=100, cost=0.0002)
    for _ in range(70):
        tracker.record_hit(response_time_ms=5.0, tokens=100)
    tracker.update_cache_size(70)

    assert tracker.summary().splitlines() == [
        "Cache Statistics:",
        "  Requests: 100 (70 hits, 30 misses)",
        "  Hit Rate: 70.0%",
        "  Speedup: 100.0x faster (cached)",
        "  Cost Saved: $0.0140",
        "  Utilization: 7.0% (70/1000)",
        "  Average Cached Time: 5.000 ms",
        "  Average Uncached Time: 500.000 ms",
        "  Cached Tokens: 7000",
        "  Uncached Tokens: 3000",
    ]


def test_what_is_not_known_is_left_out_of_the_summary():
    assert CacheStatsTracker().summary().splitlines() == [
        "Cache Statistics:",
        "  Requests: 0 (0 hits, 0 misses)",
        "  Cost Saved: $0.0000",
        "  Cached Tokens: 0",
        "  Uncached Tokens: 0",
    ]


def test_misses_save_nothing():
    tracker = CacheStatsTracker()
    tracker.record_hit(1.0)
    tracker.record_miss(500.0, tokens=100, cost=0.5)

    assert tracker.get_stats().estimated_cost_saved == 0.0


def test_a_hit_saves_what_its_original_call_cost():
    tracker = CacheStatsTracker()
    tracker.record_miss(500.0, tokens=100, cost=0.5)
    tracker.record_hit(1.0, tokens=100, cost=0.02)

    assert tracker.get_stats().estimated_cost_saved == 0.02


@pytest.mark.parametrize(("tokens", "saved"), [(50, 0.25), (0, 0.5)])
def test_a_hit_of_unknown_cost_saves_the_average_of_the_misses(tokens, saved):
    tracker = CacheStatsTracker()
    tracker.record_miss(500.0, tokens=100, cost=0.5)
    tracker.record_miss(500.0)  # tells no cost
    tracker.record_hit(1.0, tokens=tokens)

    assert tracker.get_stats().estimated_cost_saved == pytest.approx(saved)


def test_a_snapshot_does_not_change_afterwards():
    tracker = CacheStatsTracker()
    before = tracker.get_stats()
    tracker.record_hit(1.0)
    tracker.record_eviction()

    assert (before.hits, before.evictions) == (0, 0)
    assert (tracker.get_stats().hits, tracker.get_stats().evictions) == (1, 1)


def test_reset_forgets_everything_but_the_size_limit():
    tracker = CacheStatsTracker(max_cache_size=50)
    tracker.record_miss(500.0, tokens=100, cost=0.5)
    tracker.record_hit(1.0, tokens=3)
    tracker.update_cache_size(9)
    tracker.reset()

    stats = tracker.get_stats()
    times = {"start_time": stats.start_time, "last_updated": stats.last_updated}
    assert stats == CacheStats(max_cache_size=50, **times)


def test_rates_are_unknown_before_the_first_request():
    stats = CacheStats(max_cache_size=0)
    assert (stats.hit_rate, stats.miss_rate, stats.speedup_factor, stats.utilization) == (None,) * 4


def test_the_dictionary_has_every_documented_member():
    tracker = CacheStatsTracker(max_cache_size=10)
    tracker.record_hit(2.0, tokens=5)
    stats = tracker.get_stats().to_dict()

    assert stats.keys() == {
        *("hits", "misses", "total_requests", "hit_rate", "miss_rate", "avg_cached_time_ms"),
        *("avg_uncached_time_ms", "speedup_factor", "cached_tokens", "uncached_tokens"),
        *(
            "estimated_cost_saved",
            "cache_size",
            "max_cache_size",
            "utilization",
            "evictions",
            "start_time",
            "last_updated",
        ),
    }
    assert (stats["hits"], stats["hit_rate"], stats["avg_cached_time_ms"]) == (1, 1.0, 2.0)


def test_no_record_is_lost_between_threads():
    tracker = CacheStatsTracker()
    start = threading.Barrier(8)

    def record(_: int) -> None:
        start.wait(timeout=10)
        for _ in range(2_000):
            tracker.record_hit(1.0, tokens=1)
            tracker.record_miss(1.0, tokens=1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(record, range(8)))

    stats = tracker.get_stats()
    assert (stats.hits, stats.misses, stats.cached_tokens, stats.uncached_tokens) == (16_000,) * 4


def test_a_forked_child_can_record_whatever_the_parent_was_doing():
    parent = [sys.executable, "-W", "ignore", "-c", _FORK_UNDER_LOCK]
    done = subprocess.run(parent, timeout=30, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


_FORK_UNDER_LOCK = """
import os, threading
from paracle_cache.stats import CacheStatsTracker

tracker = CacheStatsTracker()
held, done = threading.Event(), threading.Event()

def hold():
    with tracker.lock:
        held.set()
        done.wait()

holder = threading.Thread(target=hold)
holder.start()
held.wait()
child = os.fork()
if child == 0:
    tracker.record_hit(1.0)
    os._exit(0 if tracker.get_stats().hits == 1 else 1)
status = os.waitpid(child, 0)[1]
done.set()
raise SystemExit(os.waitstatus_to_exitcode(status))
"""


def test_the_process_has_one_tracker():
    assert get_stats_tracker() is get_stats_tracker(max_cache_size=7)
