"""Metrics: CPU of the server per Get with them over without, and what a scrape costs beside a million entries.

Two servers, one with metrics, asked for hits of 4 KiB in turns; each round compares its own two. The scrapes are made
of a server that holds a million entries.
"""

import concurrent.futures
import re
import time
import urllib.request

from figures.measuring import NotMeasured, Process, Programs, free_port, spread
from figures.report import Row

ROUNDS = 15
SCRAPES = 15
GETS = ["--ratio", "0:1", "--value-size", "4096", "--warmup", "200ms", "-z", "1s", "--connections", "4", "-c", "64"]
ENTRIES = 1_000_000


def cpu_per_get(programs: Programs, server: Process) -> float:
    """In microseconds; the warm-up counts on both sides, and is the same."""
    before = server.cpu_seconds()
    report = programs.loadtest(server.endpoint, *GETS)
    return (server.cpu_seconds() - before) / report["requests"] * 1e6


def scrape(url: str) -> tuple[float, str]:
    """How many milliseconds it took, and the page."""
    time.sleep(0.3)  # A page is given again for ten times what it took to make.
    begun = time.perf_counter()
    with urllib.request.urlopen(url) as answer:
        page = answer.read().decode()
    return (time.perf_counter() - begun) * 1e3, page


def scrapes_beside_entries(programs: Programs, server: Process, url: str) -> list[float]:
    """The load test stores them before it begins to ask for them, and takes them away when it is over."""
    flags = ["--keyspace", str(ENTRIES), "--value-size", "64", "--ratio", "0:1", "-r", "100", "-z", "15s", "-c", "64",
             "--connections", "4"]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        load = pool.submit(programs.loadtest, server.endpoint, *flags)
        while not load.done() and entries(url) < ENTRIES:
            time.sleep(0.2)
        times = [scrape(url)[0] for _ in range(SCRAPES)]
        if load.done() or entries(url) < ENTRIES:
            raise NotMeasured("the entries were not there while the page was scraped")
        load.result()
    return times


def entries(url: str) -> float:
    return float(re.search(r'^paracle_cache_items{tier="memory"} (\S+)$', scrape(url)[1], re.MULTILINE).group(1))


def measure(programs: Programs):
    with (programs.cache_server() as plain,
          programs.cache_server("--admin-listen", f"127.0.0.1:{free_port()}") as counting):
        rounds = []
        for number in range(ROUNDS):
            order = [plain, counting] if number % 2 == 0 else [counting, plain]
            times = {server.pid: cpu_per_get(programs, server) for server in order}
            rounds.append((times[plain.pid], times[counting.pid]))
    yield Row("metrics: CPU per Get, 4 KiB hits, with metrics over without", unit="x", bound=1.03,
              **spread([counting / plain for plain, counting in rounds]))
    yield Row("  without", unit="us", **spread([plain for plain, _ in rounds]))
    yield Row("  with", unit="us", **spread([counting for _, counting in rounds]))
    port = free_port()
    flags = ["--admin-listen", f"127.0.0.1:{port}", "--max-size", "0", "--max-bytes", "2GiB"]
    with programs.cache_server(*flags) as server:
        times = scrapes_beside_entries(programs, server, f"http://127.0.0.1:{port}/metrics")
    yield Row("metrics: a scrape beside 1e6 entries, HTTP included", unit="ms", bound=10, **spread(times))
