"""CPU per call of the load generator over that of the no-op server it drives: below 1, or it measures itself."""

from figures.measuring import Programs, spread
from figures.report import Row

ROUNDS = 5


def measure(programs: Programs):
    for shape, flags in {"4 x 16": ["--connections", "4", "-c", "64"],
                         "16 x 1": ["--connections", "16", "-c", "16"]}.items():
        generator, server = [], []
        with programs.noop_server() as noop:
            for _ in range(ROUNDS):
                before = noop.cpu_seconds()
                report = programs.loadtest(noop.endpoint, *flags, "--ratio", "0:1", "--keyspace", "1", "-z", "2s",
                                           "--no-check")
                # Preparation and cleaning up are four calls of a hundred thousand.
                server.append((noop.cpu_seconds() - before) / report["requests"] * 1e6)
                generator.append(report["generator_cpu_seconds_per_request"] * 1e6)
        ratios = [ours / theirs for ours, theirs in zip(generator, server)]
        yield Row(f"generator: CPU per call over the no-op server's, {shape}", unit="x", bound=1, **spread(ratios))
        yield Row("  generator", unit="us", **spread(generator))
        yield Row("  no-op server", unit="us", **spread(server))
