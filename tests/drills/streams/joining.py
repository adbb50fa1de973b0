"""500 followers of one 10 s stream, joining at random times on three replicas."""

import hashlib
import random

from ..support.stage import REPLICAS
from ..support.verdict import Verdict, milliseconds, quantile, spread
from .answers import Shape
from .crowd import Crowd, begin_recording, places_at_random
from .go_readers import GoCrowd, GoReport
from .outcomes import ask_everywhere
from .questions import Question
from .scene import PATIENT, Scene, running_scene

_FIRST_CHUNK = 0.020  # Seconds after joining.
# A machine on which the readers themselves are late by more than that tells nothing of the service.
_MOST_TIMES = 3


def run(verdict: Verdict, _: Crowd, short: bool) -> None:
    followers, shape = (150, Shape(chunks=60)) if short else (500, Shape(chunks=200))
    verdict.row(f"{followers} followers of one {shape.seconds:g} s stream that join at random times")
    bearable = _FIRST_CHUNK * (3 if short else 1)
    reports: list[GoReport] = []
    while not reports or (max(reports[-1].lateness) > bearable and len(reports) < _MOST_TIMES):
        if reports:
            verdict.tell("again: the machine is busy, readers were late by", milliseconds(max(reports[-1].lateness)))
        reports.append(_join(verdict, Question(f"joining-{len(reports)}", shape), followers))
    _judge_times(verdict, min(reports, key=lambda report: max(report.lateness)), short)


def _join(verdict: Verdict, question: Question, followers: int) -> GoReport:
    with running_scene(*PATIENT) as scene:
        recorder = begin_recording(scene, question)
        # The last ones join while it still comes.
        last = question.shape.seconds - 0.8
        places = places_at_random(followers, range(REPLICAS), 0, last, random.Random(1))
        report = GoCrowd(scene.addresses, places, digest=question.entry.digest.hex()).join()
        recorded = recorder.result()
        recorder.kill()
        _judge_answers(verdict, scene, question, report, recorded)
        return report


def _judge_answers(verdict, scene: Scene, question: Question, report: GoReport, recorded) -> None:
    verdict.equal("the recording ended", recorded.record, "OK")
    live = sum(reader.live for reader in report.readers)
    verdict.at_least("followers that joined while it came", live, len(report.readers) * 9 // 10)
    verdict.equal("leases given", scene.leases_given(), 1)
    calls = scene.calls.of(question)
    verdict.equal("model calls", len(calls), 1)
    stored = ask_everywhere(scene, question)
    verdict.equal("replicas that have its answer, whole", sum([each] == calls for each in stored), REPLICAS)
    expected = hashlib.sha256(recorded.payload).hexdigest()
    equal = sum(reader.sha256 == expected for reader in report.readers)
    verdict.equal("followers with its bytes", equal, len(report.readers))
    for error in [reader.error for reader in report.readers if reader.error][:3]:
        verdict.tell("a follower's error", error)


def _judge_times(verdict: Verdict, report: GoReport, short: bool) -> None:
    verdict.tell("first chunk after joining, p50 / p99 / most", spread(report.firsts))
    verdict.within("first chunk after joining, p99", quantile(report.firsts, 0.99), _FIRST_CHUNK)
    if not short:
        verdict.within("first chunk after joining, most", max(report.firsts), _FIRST_CHUNK)
    verdict.tell("lag of live chunks, p50 / p99 / most", spread(report.lags))
    verdict.tell("readers' own lateness (1 ms timer), p50 / p99 / most", spread(report.lateness))
