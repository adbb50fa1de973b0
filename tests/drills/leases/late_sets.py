"""P3: rounds of lease, Invalidate and late Set at random replicas with random delays; a checker judges each question's
history (history.py)."""

from ..support.verdict import Verdict, spread
from ..support.worker import Worker
from .rounds import HEARD_WITHIN, Game, Score, playing
from .scene import Scene

_PROCESSES = 3
_ROUNDS = 500  # Of one game.


def run(verdict: Verdict, scene: Scene) -> None:
    rounds = 3_000 if scene.short else 100_000
    verdict.row(f"{rounds} rounds of lease, Invalidate, late Set, at random replicas")
    alone = scene.stage.granted_alone()
    score = _play(scene, rounds, invalidates=True)
    excluded = _play(scene, rounds // 5, invalidates=False)
    verdict.at_least("rounds", score.rounds, rounds)
    verdict.at_least("operations, all in histories that were checked", score.operations, 4 * rounds)
    verdict.at_least("rounds of lease and release, others invalidated meanwhile", excluded.rounds, rounds // 5)
    verdict.equal("operations that failed", score.failed + excluded.failed, 0)
    verdict.equal("leases given without Redis", scene.stage.granted_alone() - alone, 0)
    verdict.at_least("hits", score.hits, rounds // 4)
    verdict.at_least("late Sets that were refused", score.late_refused, rounds // 4)
    verdict.equal("broken rules: stale reads, late answers, leases", len(score.violations + excluded.violations), 0)
    verdict.tell("late Sets taken where the Invalidate was not known yet", score.late_stored)
    verdict.tell(f"reads there, allowed for {HEARD_WITHIN:g} s: count, p50 / p99 / most",
                 f"{len(score.lags)}, {spread(score.lags)}" if score.lags else "0")
    for text in (score.told + excluded.told)[:3] + (score.violations + excluded.violations)[:3]:
        print(f"    {text}", flush=True)


def _play(scene: Scene, rounds: int, invalidates: bool) -> Score:
    workers = [Worker(playing, scene.stage.addresses) for _ in range(_PROCESSES)]
    for worker in workers:
        worker.receive()
    score, left = Score(), rounds
    while left > 0:
        playing_now = workers[: -(-left // _ROUNDS)]
        for worker in playing_now:
            size = min(_ROUNDS, left)
            worker.send(Game(size, scene.new_keys(Game.QUESTIONS), left, invalidates))
            left -= size
        for worker in playing_now:
            score.add(worker.receive(patience=120))
    for worker in workers:
        worker.kill()
    return score
