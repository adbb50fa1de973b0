"""The checker of the lease drill finds what it is there to find, and nothing else."""

import pytest

from drills.leases.history import History, Operation

HOLD, HEARD_WITHIN = 30.0, 2.0


def op(kind: str, how: str, begin: float, end: float, fill: str = "", replica: int = 0) -> Operation:
    return Operation(kind, how, begin, end, replica, fill)


def judge(*operations: Operation):
    return History(operations, HOLD, HEARD_WITHIN).judge()


def rules(*operations: Operation) -> list[str]:
    return [violation.rule for violation in judge(*operations).violations]


LEASE = op("ask", "lease", 0, 1, "a")
SET = op("set", "stored", 2, 3, "a")

GOOD = {
    "a lease is filled and read": [LEASE, SET, op("get", "hit", 4, 5, "a"), op("ask", "hit", 4, 5, "a", 2)],
    "an answer is read while it is stored": [LEASE, SET, op("get", "hit", 2.2, 2.4, "a")],
    "a Set whose end is not known is read": [LEASE, op("set", "unknown", 2, 3, "a"), op("get", "hit", 4, 5, "a")],
    "the next lease is given once the first was filled": [LEASE, SET, op("ask", "lease", 2.5, 2.6, "b")],
    "once it was released": [LEASE, op("release", "done", 2, 3, "a"), op("ask", "lease", 2.1, 2.2, "b")],
    "once it was invalidated": [LEASE, op("invalidate", "done", 2, 3), op("ask", "lease", 2.1, 2.2, "b")],
    "once it may have been invalidated": [LEASE, op("invalidate", "unknown", 2, 3), op("ask", "lease", 4, 5, "b")],
    "once another replica knows that it was never worth anything": [
        op("invalidate", "done", -2, -1, replica=1), LEASE, op("ask", "lease", 2, 3, "b", replica=1)],
    "once it has run out": [LEASE, op("ask", "lease", 30.1, 30.2, "b")],
    "given while an Invalidate goes on that may come before either": [
        op("invalidate", "done", 0, 4), LEASE, op("ask", "lease", 2, 3, "b")],
    "an Invalidate and the lease overlap: the answer may be younger": [
        op("invalidate", "done", 0.5, 1.5), LEASE, SET, op("get", "hit", 4, 5, "a")],
    "an Invalidate that is not acknowledged when the read begins": [
        LEASE, SET, op("invalidate", "done", 4, 6), op("get", "hit", 5.5, 5.6, "a")],
    "an Invalidate that failed promises nothing": [
        LEASE, SET, op("invalidate", "unknown", 4, 5), op("get", "hit", 6, 7, "a")],
    "another replica has not heard yet": [
        LEASE, SET, op("invalidate", "done", 4, 5), op("get", "hit", 6.9, 7, "a", replica=1)],
    "the late Set is refused": [LEASE, op("invalidate", "done", 1.5, 1.6), op("set", "stale", 2, 3, "a")],
    "a Set that is overtaken by an Invalidate is read before": [
        LEASE, op("set", "stale", 2, 3, "a"), op("get", "hit", 2.3, 2.4, "a"), op("invalidate", "done", 2.5, 3.5)],
    "a late Set is stored where nobody has heard yet": [
        LEASE, op("invalidate", "done", 1.5, 1.6), op("set", "stored", 2, 3, "a", replica=1)],
    "two leases, one after the other, are both filled": [
        LEASE, SET, op("invalidate", "done", 4, 5), op("ask", "lease", 6, 7, "b"), op("set", "stored", 8, 9, "b")],
    "a Set that overlaps with the next lease's being given": [
        LEASE, op("invalidate", "done", 1.5, 2.5), op("ask", "lease", 2, 2.4, "b"), op("set", "stored", 2.3, 3, "a")],
}

STALE, LATE = "a read is stale", "stored though it was invalidated"
BAD = {
    "an answer of nobody is read": (["an answer is read that was not stored"], [LEASE, op("get", "hit", 4, 5, "x")]),
    "an answer is read before it is set": (
        ["an answer is read that was not stored"], [LEASE, SET, op("get", "hit", 1.2, 1.4, "a")]),
    "what came after the lease's end is read": (
        ["an answer is read that was not stored"],
        [LEASE, op("set", "lost", 2, 3, "a"), op("invalidate", "done", 2.5, 9), op("get", "hit", 4, 5, "a")]),
    "what came after an Invalidate is read": (
        ["an answer is read that was not stored"],
        [LEASE, op("invalidate", "done", 1.5, 1.6, replica=1), op("set", "stale", 2, 3, "a"),
         op("get", "hit", 2.5, 2.6, "a")]),
    "two leases without a reason": (["two leases are held at once"], [LEASE, op("ask", "lease", 2, 3, "b")]),
    "two leases asked for at the same time": (["two leases are held at once"], [LEASE, op("ask", "lease", 0, 1, "b")]),
    "an Invalidate was over before the first lease": (
        ["two leases are held at once"],
        [op("invalidate", "done", -2, -1), LEASE, op("ask", "lease", 2, 3, "b")]),
    "an Invalidate elsewhere had been heard of before the first lease": (
        ["two leases are held at once"],
        [op("invalidate", "done", -3, -2.1, replica=1), LEASE, op("ask", "lease", 2, 3, "b")]),
    "stale at the replica that acknowledged": (
        [STALE], [LEASE, SET, op("invalidate", "done", 4, 5), op("get", "hit", 5.1, 5.2, "a")]),
    "stale when asked with a lease": (
        [STALE], [LEASE, SET, op("invalidate", "done", 4, 5), op("ask", "hit", 5.1, 5.2, "a")]),
    "stale elsewhere when all have heard": (
        [STALE], [LEASE, SET, op("invalidate", "done", 4, 5), op("get", "hit", 7.1, 7.2, "a", replica=1)]),
    "a late answer comes back": (
        [STALE],
        [LEASE, op("invalidate", "done", 1.5, 1.6), op("set", "unknown", 2, 3, "a"), op("get", "hit", 9, 9.1, "a", 2)]),
    "a late Set is stored where it was invalidated": (
        [LATE], [LEASE, op("invalidate", "done", 1.5, 1.6), op("set", "stored", 2, 3, "a")]),
    "a late Set is stored elsewhere when all have heard": (
        [LATE], [LEASE, op("invalidate", "done", 1.5, 1.6), op("set", "stored", 4, 5, "a", replica=2)]),
    "stored though the next lease had been given": (
        ["stored under a lease that was no longer the current one"],
        [LEASE, op("ask", "lease", 31, 32, "b"), op("set", "stored", 33, 34, "a")]),
    "both stored, whichever lease was the first": (
        ["two answers of leases that were held at once"],
        [op("invalidate", "done", 0, 2), LEASE, op("ask", "lease", 0.5, 1.5, "b"),
         op("set", "stored", 3, 4, "a", replica=1), op("set", "stored", 3, 4, "b", replica=1)]),
}


@pytest.mark.parametrize("history", GOOD.values(), ids=GOOD)
def test_a_history_that_is_allowed_has_no_violation(history):
    assert rules(*history) == []


@pytest.mark.parametrize(("broken", "history"), BAD.values(), ids=BAD)
def test_a_broken_rule_is_found(broken, history):
    assert rules(*history) == broken


def test_the_order_in_which_operations_are_told_does_not_matter():
    history = BAD["stale elsewhere when all have heard"][1]
    assert rules(*reversed(history)) == [STALE]


def test_a_violation_is_found_in_the_midst_of_a_long_history():
    good = []
    for number in range(1000):
        at = number * 10.0
        good += [op("ask", "lease", at, at + 1, f"{number}"), op("set", "stored", at + 2, at + 3, f"{number}"),
                 op("get", "hit", at + 4, at + 5, f"{number}", number % 3), op("invalidate", "done", at + 6, at + 7)]
    assert rules(*good) == []
    assert rules(*good, op("get", "hit", 5000.5, 5000.6, "498")) == [STALE]
    assert rules(*good, op("ask", "lease", 5001.1, 5001.2, "x"), op("release", "done", 5001.3, 5001.4, "x")) == [
        "two leases are held at once", "stored under a lease that was no longer the current one"]


def test_what_is_late_is_counted():
    findings = judge(
        LEASE,
        op("invalidate", "done", 1.5, 1.6),
        op("set", "stored", 2, 3, "a", replica=1),
        op("ask", "lease", 4, 5, "b"),
        op("invalidate", "done", 6, 7),
        op("set", "lost", 8, 9, "b"),
        op("get", "hit", 3.1, 3.2, "a", replica=1),
    )
    assert findings.violations == []
    assert (findings.late_refused, findings.late_stored) == (1, 1)
    assert findings.lags == [pytest.approx(1.5)]
