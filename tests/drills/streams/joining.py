"""500 followers of one 10 s stream, joining at random times on three replicas."""

import random

from .answers import Shape
from .crowd import Crowd, Making, arrivals_at_random
from .questions import Question
from .stage import REPLICAS, running_stage
from .verdict import Verdict, quantile, spread
from .worker import Worker


def run(verdict: Verdict, crowd: Crowd, short: bool) -> None:
    followers, shape = (150, Shape(chunks=60)) if short else (500, Shape(chunks=200))
    verdict.row(f"{followers} followers of one {shape.seconds:g} s stream that join at random times")
    with running_stage() as stage:
        question = Question("joining", shape)
        recorder = Worker()
        recorder.begin(Making(stage.addresses[0], stage.calls, question))
        recorder.await_word("recording")
        # The last ones join while it still comes.
        crowd.begin(
            stage,
            arrivals_at_random(question, followers, range(REPLICAS), 0, shape.seconds - 0.6, random.Random(1)),
        )
        report = crowd.join()
        recorded = recorder.result()
        leases = sum(stage.lease_status(replica).granted_count for replica in range(REPLICAS))
        recorder.kill()
        _judge(verdict, report, recorded.record, stage.calls.of(question), leases)


def _judge(verdict, report, recorded, calls, leases):
    outcomes = report.outcomes
    live = [outcome for outcome in outcomes if outcome.live]
    verdict.equal("the recording ended", recorded, "OK")
    verdict.at_least("followers that joined while it came", len(live), len(outcomes) * 9 // 10)
    verdict.equal("leases given", leases, 1)
    verdict.equal("model calls", len(calls), 1)
    verdict.equal("followers with the whole answer of that call",
                  sum([outcome.call] == calls for outcome in outcomes), len(outcomes))
    firsts = [first for first, _ in report.first_chunks]
    verdict.tell("first chunk after joining, p50 / p99 / most", spread(firsts))
    verdict.within("first chunk after joining, p99", quantile(firsts, 0.99), 0.020)
    verdict.tell("lag of live chunks, p50 / p99 / most", spread([lag for outcome in live for lag in outcome.lags]))
    verdict.tell("readers' own lateness (1 ms timer), p50 / p99 / most", spread(report.lateness))
    verdict.tell("debug first less own", spread([max(0, f - l) for f, l in report.first_chunks]))
