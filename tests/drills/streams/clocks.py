"""Time that all processes of the drill share, in seconds."""

import asyncio
import time


def now() -> float:
    return time.monotonic()


async def sleep_until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - now()))


class LoopLateness:
    """How late this process is itself: a timer of 1 ms that notes how late it fires. What a reader measures is to be
    judged beside this."""

    PERIOD = 0.001

    def __init__(self):
        self.samples: list[tuple[float, float]] = []  # When it fired, and how late.
        self._due = 0.0
        self._handle: asyncio.TimerHandle | None = None

    def __enter__(self) -> "LoopLateness":
        self._again()
        return self

    def __exit__(self, *_) -> None:
        self._handle.cancel()

    def _again(self) -> None:
        self._due = now() + self.PERIOD
        self._handle = asyncio.get_running_loop().call_later(self.PERIOD, self._fire)

    def _fire(self) -> None:
        fired = now()
        self.samples.append((fired, fired - self._due))
        self._again()

    def worst_between(self, begin: float, end: float) -> float:
        """The longest that a timer waited whose wait overlaps this time."""
        return max((late for fired, late in self.samples if fired >= begin and fired - late <= end), default=0.0)
