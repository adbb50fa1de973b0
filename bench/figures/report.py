"""Rows of the table: what was measured, what it must reach, whether it did."""

import dataclasses


@dataclasses.dataclass
class Row:
    """One figure. `bound` None: only shown beside the others."""

    name: str
    value: float
    unit: str
    bound: float | None = None
    at_least: bool = False  # The bound is a minimum.
    low: float | None = None  # Range over the rounds.
    high: float | None = None

    @property
    def met(self) -> bool:
        if self.bound is None:
            return True
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def print_row(row: Row) -> None:
    spread = "" if row.low is None else f"({row.low:.3g} to {row.high:.3g})"
    must = "" if row.bound is None else f"must be {'>=' if row.at_least else '<='} {row.bound:g}"
    verdict = "" if row.bound is None else ("ok" if row.met else "MISSED")
    print(f"{row.name:<62} {row.value:9.3g} {row.unit:<6} {spread:<20} {must:<18} {verdict}".rstrip(), flush=True)


def conclude(rows: list[Row], missing: list[str]) -> int:
    missed = [row.name for row in rows if not row.met]
    judged = sum(row.bound is not None for row in rows)
    print(f"\n{judged - len(missed)} of {judged} figures reached.", end="")
    print(f" MISSED: {'; '.join(missed)}." if missed else "", end="")
    print(f" NOT MEASURED: {', '.join(missing)}." if missing else "")
    return 2 if missing else 1 if missed else 0
