"""What the rows of the drill share."""

import dataclasses

from ..support.fake_model import FakeModel
from ..support.stage import Stage
from .crowd import Crowd


@dataclasses.dataclass
class Scene:
    stage: Stage
    model: FakeModel
    crowd: Crowd
    short: bool
    _first: int = 0

    def new_keys(self, count: int) -> int:
        """The number of the first of so many keys that nobody has asked for."""
        first, self._first = self._first, self._first + count
        return first
