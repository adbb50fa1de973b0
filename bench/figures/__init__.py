"""The figures that scripts/bench prints, one module each, with a function `measure(programs)` that yields rows."""

from figures import encrypted, footprint, generator, go, hits, key, memory, metrics, miss, python, shared

FIGURES = {
    "memory": memory,
    "key": key,
    "miss": miss,
    "footprint": footprint,
    "hits": hits,
    "generator": generator,
    "shared": shared,
    "encrypted": encrypted,
    "metrics": metrics,
    "python": python,
    "go": go,
}
