"""Judges what happened to one question: all operations on it, with when each began and ended, by one clock.

An operation took effect at some moment between its beginning and its end. A rule is broken only if it is whatever these
moments were.
"""

import bisect
import collections
import dataclasses
import itertools
from collections.abc import Iterable, Sequence


@dataclasses.dataclass(frozen=True, slots=True)
class Operation:
    """kind and how:

    ask         a Get with a lease: lease, hit, pending, or miss
    get         a Get without: hit or miss
    set         stored; lost, when the lease was refused; or stale, when the fill token was, for an Invalidate
    release     done
    invalidate  done

    or `unknown`: it ended with an error, and may have happened. `fill` names the lease that was given, filled or
    released; of a hit, the lease that its answer was made under.
    """

    kind: str
    how: str
    begin: float
    end: float
    replica: int
    fill: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    operations: tuple[Operation, ...]


@dataclasses.dataclass
class Findings:
    violations: list[Violation]
    # Sets after an Invalidate, of what had begun before it. Those that are stored are at a replica that may not have
    # heard yet; nobody may read them once it must have.
    late_refused: int
    late_stored: int
    lags: list[float]  # Of stale reads at such a replica: seconds since the Invalidate was acknowledged.


class History:
    """hold: the seconds that a lease holds. heard_within: those until every replica has heard of an Invalidate; the one
    that acknowledged it knows at once."""

    def __init__(self, operations: Iterable[Operation], hold: float, heard_within: float):
        self._operations = sorted(operations, key=lambda operation: operation.begin)
        self._hold = hold
        self._heard_within = heard_within
        self._leases = {one.fill: one for one in self._of("ask") if one.how == "lease"}
        self._sets = _by_fill(self._of("set"))
        self._releases = _by_fill(self._of("release"))
        self._invalidates = _Invalidates(self._of("invalidate"))

    def judge(self) -> Findings:
        findings = Findings([], 0, 0, [])
        findings.violations += self._answers_from_nowhere()
        findings.violations += self._two_at_once()
        findings.violations += self._set_by_the_last_but_one()
        findings.violations += self._two_answers_at_once()
        self._judge_reads(findings)
        self._judge_late_sets(findings)
        return findings

    def _of(self, kind: str) -> list[Operation]:
        return [operation for operation in self._operations if operation.kind == kind]

    def _hits(self) -> Iterable[Operation]:
        return (operation for operation in self._operations if operation.how == "hit")

    def _stored(self) -> list[Operation]:
        """Of leases that are known."""
        return [one for one in self._of("set") if one.how == "stored" and one.fill in self._leases]

    def _answers_from_nowhere(self) -> Iterable[Violation]:
        for hit in self._hits():
            sets = self._sets.get(hit.fill, [])
            if not any(one.begin <= hit.end and self._may_be_stored(one) for one in sets):
                yield Violation("an answer is read that was not stored", (*sets, hit))

    def _may_be_stored(self, one: Operation) -> bool:
        """What an Invalidate overtakes while it is being stored is refused, and may have been read before."""
        return one.how in ("stored", "unknown") or (one.how == "stale" and self._invalidates.any_during(one))

    def _two_at_once(self) -> Iterable[Violation]:
        """Two leases that were held for sure at one moment, and were worth something."""
        ends = {fill: self._earliest_end(lease) for fill, lease in self._leases.items()}
        held = sorted(self._leases.values(), key=lambda lease: lease.end)
        longest: Operation | None = None
        for lease in held:
            if longest is not None and lease.end < min(ends[longest.fill], ends[lease.fill]):
                yield Violation("two leases are held at once", (longest, lease))
            if longest is None or ends[lease.fill] > ends[longest.fill]:
                longest = lease

    def _earliest_end(self, lease: Operation) -> float:
        ends = [lease.begin + self._hold]
        ends += [one.begin for one in self._operations_of(lease.fill)]
        if (invalidated := self._invalidates.earliest_effect(lease)) is not None:
            ends.append(invalidated)
        if self._invalidates.any_elsewhere(lease, self._heard_within):
            ends.append(lease.begin)  # It may never have been worth anything: its replica had not heard yet.
        return min(ends)

    def _operations_of(self, fill: str) -> Iterable[Operation]:
        return itertools.chain(self._sets.get(fill, []), self._releases.get(fill, []))

    def _set_by_the_last_but_one(self) -> Iterable[Violation]:
        """Stored under a lease, though the next one had been given before."""
        by_end = sorted(self._leases.values(), key=lambda lease: lease.end)
        ends = [lease.end for lease in by_end]
        last = list(itertools.accumulate(by_end, lambda a, b: max(a, b, key=lambda lease: lease.begin)))
        for one in self._stored():
            before = bisect.bisect_left(ends, one.begin)
            lease = self._leases[one.fill]
            if before and last[before - 1].begin > lease.end:
                shown = (lease, last[before - 1], one)
                yield Violation("stored under a lease that was no longer the current one", shown)

    def _two_answers_at_once(self) -> Iterable[Violation]:
        """Stored under two leases, each of which was held before the other had been filled."""
        last: Operation | None = None
        for one in sorted(self._stored(), key=lambda one: self._leases[one.fill].end):
            if last is not None and last.fill != one.fill and self._leases[one.fill].end < last.begin:
                yield Violation("two answers of leases that were held at once", (last, one))
            if last is None or one.begin > last.begin:
                last = one

    def _judge_reads(self, findings: Findings) -> None:
        for hit in self._hits():
            lease = self._leases.get(hit.fill)
            if lease is None:
                continue
            lag = hit.begin - self._invalidates.acknowledged(lease.end)
            if self._must_be_known(lease, hit):
                shown = (lease, *self._invalidates.between(lease, hit), hit)
                findings.violations.append(Violation("a read is stale", shown))
            elif lag > 0:
                findings.lags.append(lag)

    def _judge_late_sets(self, findings: Findings) -> None:
        for one in self._of("set"):
            lease = self._leases.get(one.fill)
            if lease is None or not self._invalidates.acknowledged(lease.end) < one.begin:
                continue
            if one.how == "stored" and self._must_be_known(lease, one):
                shown = (lease, *self._invalidates.between(lease, one), one)
                findings.violations.append(Violation("stored though it was invalidated", shown))
            findings.late_refused += one.how in ("lost", "stale")
            findings.late_stored += one.how == "stored"

    def _must_be_known(self, lease: Operation, later: Operation) -> bool:
        """Where this began, it was known that what the lease stands for had been invalidated."""
        if self._invalidates.acknowledged_at(later.replica, lease.end) < later.begin:
            return True
        return self._invalidates.acknowledged(lease.end) + self._heard_within < later.begin


def _by_fill(operations: Iterable[Operation]) -> dict[str, list[Operation]]:
    found = collections.defaultdict(list)
    for one in operations:
        found[one.fill].append(one)
    return found


class _Invalidates:
    """Those that were acknowledged, and those that may have happened."""

    def __init__(self, operations: Sequence[Operation]):
        self._all = sorted(operations, key=lambda one: one.begin)
        done = [one for one in self._all if one.how == "done"]
        self._done = _FirstEnd(done)
        self._done_at = {
            replica: _FirstEnd([one for one in done if one.replica == replica])
            for replica in {one.replica for one in done}
        }
        self._ends_at = {
            replica: sorted(one.end for one in self._all if one.replica == replica)
            for replica in {one.replica for one in self._all}
        }
        self._ends = list(itertools.accumulate((one.end for one in self._all), max))

    def acknowledged(self, after: float) -> float:
        """The first end of one that began after that; infinity: there is none."""
        return self._done.after(after)

    def acknowledged_at(self, replica: int, after: float) -> float:
        """The same, of those at that replica."""
        return self._done_at[replica].after(after) if replica in self._done_at else float("inf")

    def earliest_effect(self, lease: Operation) -> float | None:
        """The first moment at which one of them, even if it is not known to have happened, may have ended the lease."""
        first = bisect.bisect_left(self._ends, lease.begin)
        if first == len(self._all):
            return None
        return max(lease.begin, self._all[first].begin)

    def any_elsewhere(self, lease: Operation, within: float) -> bool:
        """Whether one ended at another replica in that time before the lease was asked for."""
        for replica, ends in self._ends_at.items():
            before = bisect.bisect_left(ends, lease.begin)
            if replica != lease.replica and before and ends[before - 1] + within >= lease.begin:
                return True
        return False

    def any_during(self, other: Operation) -> bool:
        first = bisect.bisect_left(self._ends, other.begin)
        return first < len(self._all) and self._all[first].begin <= other.end

    def between(self, lease: Operation, other: Operation) -> list[Operation]:
        return [one for one in self._all if lease.end < one.begin and one.end < other.begin][:3]


class _FirstEnd:
    """Of operations in the order of their beginnings."""

    def __init__(self, operations: Sequence[Operation]):
        self._begins = [one.begin for one in operations]
        self._ends = list(itertools.accumulate((one.end for one in reversed(operations)), min))[::-1]

    def after(self, moment: float) -> float:
        first = bisect.bisect_right(self._begins, moment)
        return self._ends[first] if first < len(self._ends) else float("inf")
