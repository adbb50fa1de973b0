"""The table that a drill prints: what was counted, what it must be, and whether it is."""

from collections.abc import Sequence


def quantile(values: Sequence[float], share: float) -> float:
    """The nearest rank; 0 of nothing."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else 0.0


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def spread(values: Sequence[float]) -> str:
    """p50, p99 and the most of times in seconds."""
    return " / ".join(milliseconds(quantile(values, share)) for share in (0.5, 0.99, 1))


class Verdict:
    """A short drill's bounds on time are several times the promised ones; its counts are judged as they are."""

    def __init__(self, drill: str, leniency: int):
        self._drill = drill
        self._leniency = leniency
        self._kept = self._missed = 0

    def row(self, title: str) -> None:
        print(f"\n{title}", flush=True)

    def tell(self, what: str, measured: object) -> None:
        """A figure without a bound."""
        self._print(what, measured, "", "")

    def equal(self, what: str, measured: object, wanted: object) -> None:
        self._judge(what, measured, f"= {wanted}", measured == wanted)

    def at_most(self, what: str, measured: float, bound: float) -> None:
        self._judge(what, measured, f"<= {bound}", measured <= bound)

    def at_least(self, what: str, measured: float, bound: float) -> None:
        """Below it there was too little traffic to tell."""
        self._judge(what, measured, f">= {bound}", measured >= bound)

    def within(self, what: str, seconds: float, promised: float) -> None:
        """A time, in seconds."""
        bound = promised * self._leniency
        self._judge(what, milliseconds(seconds), f"<= {milliseconds(bound)}", seconds <= bound)

    def _judge(self, what: str, measured: object, bound: str, kept: bool) -> None:
        if kept:
            self._kept += 1
        else:
            self._missed += 1
        self._print(what, measured, bound, "ok" if kept else "MISSED")

    def _print(self, what: str, measured: object, bound: str, verdict: str) -> None:
        print(f"  {what:<66} {measured!s:>32} {bound:>14}  {verdict}".rstrip(), flush=True)

    def all_kept(self) -> bool:
        """Prints the sum of it."""
        if self._missed:
            print(f"\ndrill {self._drill}: MISSED {self._missed} of {self._kept + self._missed} bounds", flush=True)
        else:
            print(f"\ndrill {self._drill}: all {self._kept} bounds kept", flush=True)
        return self._missed == 0 and self._kept > 0
