"""What the rows of the drill share."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Iterator

from ..support.fake_model import FakeModel
from ..support.stage import Stage, running_stage
from .crowd import Crowd


@dataclasses.dataclass
class Scene:
    stage: Stage
    model: FakeModel
    crowd: Crowd
    hold: float  # Seconds that a lease holds if it is not renewed.
    short: bool
    _first: int = 0

    def new_keys(self, count: int) -> int:
        """The number of the first of so many keys that nobody has asked for."""
        first, self._first = self._first, self._first + count
        return first


@dataclasses.dataclass(frozen=True)
class Setting:
    """How the replicas of some rows are set."""

    hold: float  # Seconds that a lease holds if it is not renewed.
    redis_timeout: str


@contextlib.contextmanager
def running_scene(go_program: pathlib.Path, setting: Setting, short: bool) -> Iterator[Scene]:
    flags = ("--lease-hold", f"{setting.hold:g}s", "--redis-timeout", setting.redis_timeout)
    with running_stage(*flags) as stage, FakeModel() as model, Crowd(stage, model.url, go_program) as crowd:
        yield Scene(stage, model, crowd, setting.hold, short)
